import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { StreamEvents } from '../api';
import { loadSession, query, toLogin } from './http';

type Topic = keyof StreamEvents;
type Parameters = Record<string, string | string[] | null | undefined>;
interface Subscription { topic: Topic; parameters: Parameters; onEvent: (event: never) => void }

/** Whether events arrive: `lost` from the first failure until the next success. */
export const connection = signal<'connecting' | 'open' | 'lost'>('connecting');

// A browser allows six connections per host over HTTP/1.1, shared by all its windows: so there is one stream per window, and who wants
// events of another topic has it opened anew. Each topic begins with a snapshot, so nothing is missed.
const subscriptions = new Set<Subscription>();
let source: EventSource | null = null;
let opened = '';
let planned = false;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;

export function subscribe<T extends Topic>(topic: T, parameters: Parameters, onEvent: (event: StreamEvents[T]) => void) {
  const subscription = { topic, parameters, onEvent } as Subscription;
  subscriptions.add(subscription);
  plan();
  return () => {
    subscriptions.delete(subscription);
    plan();
  };
}

/**
 * Follows a topic while the component is shown.
 * @param key What the parameters are made from: another key asks anew. Null asks nothing.
 */
export function useStream<T extends Topic>(topic: T, key: string | null, parameters: Parameters, onEvent: (event: StreamEvents[T]) => void) {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => (key === null ? undefined : subscribe(topic, parameters, event => latest.current(event))), [topic, key]);
}

/** Opens the stream at once instead of waiting for the next attempt. */
export function reconnect() {
  attempts = 0;
  open(true);
}

function plan() {
  if (planned) return;
  planned = true;
  // A page that replaces another one drops and takes topics in one go.
  queueMicrotask(() => {
    planned = false;
    open(false);
  });
}

function address() {
  const topics = [...new Set([...subscriptions].map(s => s.topic))].sort();
  if (topics.length === 0) return '';
  const parameters: Parameters = {};
  for (const s of subscriptions) Object.assign(parameters, s.parameters);
  return `/api/stream${query({ topics: topics.join(','), ...parameters })}`;
}

function open(anew: boolean) {
  const next = address();
  if (next === opened && source && !anew) return;
  clearTimeout(retry);
  source?.close();
  source = null;
  opened = next;
  if (!next) return;
  const current = (source = new EventSource(next));
  for (const topic of new Set([...subscriptions].map(s => s.topic))) {
    current.addEventListener(topic, event => deliver(current, topic, (event as MessageEvent<string>).data));
  }
  current.onopen = () => {
    if (current !== source) return;
    attempts = 0;
    connection.value = 'open';
  };
  current.onerror = () => {
    if (current !== source) return;
    connection.value = 'lost';
    // The browser tries again by itself unless the answer was an error: then it is either the login or a dashboard that starts.
    if (current.readyState === EventSource.CLOSED) void checkLogin();
  };
}

function deliver(current: EventSource, topic: Topic, data: string) {
  if (current !== source) return;
  const event = JSON.parse(data) as never;
  for (const s of [...subscriptions]) if (s.topic === topic) s.onEvent(event);
}

async function checkLogin() {
  source = null;
  try {
    const session = await loadSession();
    if (!session.authenticated) {
      toLogin();
      return;
    }
  } catch {
    // It does not answer: the next attempt will tell.
  }
  clearTimeout(retry);
  retry = setTimeout(() => open(true), Math.min(10_000, 1_000 * 2 ** attempts++));
}
