import { signal } from '@preact/signals';

export interface Notice {
  id: number;
  kind: 'success' | 'error' | 'info' | 'progress';
  title: string;
  detail: string | null;
  /** What a command returned, to be read in a dialog. */
  result: { value: string; format: string } | null;
  time: number;
}

const kept = 100;
let next = 1;

/** What happened, newest first: the bell's list. */
export const notices = signal<readonly Notice[]>([]);
/** Those that are on the screen now. */
export const toasts = signal<readonly number[]>([]);
/** How many came since the bell was opened last. */
export const unread = signal(0);

export function notify(kind: Notice['kind'], title: string, detail: string | null = null, result: Notice['result'] = null): number {
  const id = next++;
  notices.value = [{ id, kind, title, detail, result, time: Date.now() }, ...notices.peek()].slice(0, kept);
  toasts.value = [...toasts.peek(), id].slice(-4);
  unread.value++;
  hideLater(id, kind);
  return id;
}

/** Turns the notice of something that went on into the one of its end. */
export function settle(id: number, kind: Notice['kind'], title: string, detail: string | null = null, result: Notice['result'] = null) {
  notices.value = notices.peek().map(n => (n.id === id ? { id, kind, title, detail, result, time: Date.now() } : n));
  if (!toasts.peek().includes(id)) toasts.value = [...toasts.peek(), id].slice(-4);
  hideLater(id, kind);
}

export const dismiss = (id: number) => {
  toasts.value = toasts.peek().filter(t => t !== id);
};

// Errors stay until they are read; so does what still goes on.
function hideLater(id: number, kind: Notice['kind']) {
  if (kind === 'success' || kind === 'info') setTimeout(() => dismiss(id), 6_000);
}

/** Runs an action and says how it ended. */
export async function attempt(title: string, action: () => Promise<unknown>) {
  try {
    await action();
    notify('success', title);
    return true;
  } catch (error) {
    notify('error', `${title}: failed`, error instanceof Error ? error.message : String(error));
    return false;
  }
}
