import { signal } from '@preact/signals';
import type { Problem, Session } from '../api';
import { location, navigate } from './router';

/** Who is logged in, and what this dashboard has; null until the first answer. */
export const session = signal<Session | null>(null);

/** What the dashboard refused, in its own words. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail || problem.title || `The dashboard answered with status ${status}.`);
    this.status = status;
  }
}

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

export async function loadSession() {
  session.value = await request<Session>('GET', '/api/session');
  return session.value;
}

/** Goes to the login page, from where the way leads back here. */
export function toLogin() {
  if (session.value) session.value = { ...session.value, authenticated: false, csrfToken: null };
  const { path, query } = location.peek();
  if (path === '/login') return;
  const back = query.size > 0 ? `${path}?${query}` : path;
  navigate(back === '/' ? '/login' : `/login?returnUrl=${encodeURIComponent(back)}`, true);
}

export async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  const isFile = body instanceof Blob;
  if (isFile) headers['Content-Type'] = 'application/octet-stream';
  else if (body !== undefined) headers['Content-Type'] = 'application/json';
  const token = session.peek()?.csrfToken;
  if (method !== 'GET' && token) headers['X-CSRF-Token'] = token;
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : isFile ? body : JSON.stringify(body), credentials: 'same-origin', signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, { detail: 'The dashboard does not answer. Does it still run?' });
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== '/api/login') toLogin();
  throw new ApiError(response.status, await problemOf(response));
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return { detail: `The dashboard answered with status ${response.status}.` };
  }
}

export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal);
  if (response.status === 204 || response.status === 202) return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal) => request<T>('GET', path, undefined, signal);
export const post = <T = void>(path: string, body?: unknown, signal?: AbortSignal) => request<T>('POST', path, body, signal);
export const upload = <T>(path: string, file: Blob) => request<T>('POST', path, file);
export const put = (path: string, body: unknown) => request<void>('PUT', path, body);
export const remove = (path: string) => request<void>('DELETE', path);

/** Reads an answer line by line (NDJSON) as it arrives. */
export async function lines<T>(path: string, body: unknown, onLine: (line: T) => void, signal?: AbortSignal) {
  const response = await send('POST', path, body, signal);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    const parts = (rest + (value ?? '')).split('\n');
    rest = done ? '' : parts.pop()!;
    for (const part of parts) if (part.trim()) onLine(JSON.parse(part) as T);
    if (done) return;
  }
}

/** A query from values: arrays repeat, what is empty is left out. */
export function query(values: Record<string, string | number | boolean | null | undefined | string[]>) {
  const result = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) value.forEach(v => result.append(name, v));
    else if (value !== null && value !== undefined && value !== '') result.set(name, String(value));
  }
  const text = result.toString();
  return text ? `?${text}` : '';
}
