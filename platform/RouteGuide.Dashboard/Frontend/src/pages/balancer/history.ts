import { signal } from '@preact/signals';
import type { BalancerEvent, BalancerTarget } from '../../api';

/** Calls per second of each target over time, as seen by this window. */
export interface History { times: readonly number[]; rates: ReadonlyMap<string, readonly (number | null)[]> }

const kept = 300;
export const noHistory: History = { times: [], rates: new Map() };

/** Adds a sample. A target that is gone has gaps from then on, and is forgotten when none of its samples is kept. */
export function record(history: History, time: number, targets: readonly Pick<BalancerTarget, 'name' | 'callsPerSecond'>[]): History {
  // The clock of the balancer may jump back: what lies ahead of the new sample is wrong.
  const until = history.times.findIndex(t => t >= time);
  const length = until < 0 ? history.times.length : until;
  const from = Math.max(0, length - kept + 1);
  const names = new Set([...history.rates.keys(), ...targets.map(t => t.name)]);
  const rates = new Map<string, (number | null)[]>();
  for (const name of names) {
    const old = history.rates.get(name)?.slice(from, length) ?? new Array<null>(length - from).fill(null);
    const values = [...old, targets.find(t => t.name === name)?.callsPerSecond ?? null];
    if (values.some(v => v !== null)) rates.set(name, values);
  }
  return { times: [...history.times.slice(from, length), time], rates };
}

/** By group; kept while the window is open, so that coming back to the page shows what was. */
export const histories = signal<ReadonlyMap<string, History>>(new Map());

export function recordAll(event: BalancerEvent) {
  if (!event.status) return;
  const time = Date.parse(event.status.time);
  histories.value = new Map(event.status.groups.map(g => [g.name, record(histories.peek().get(g.name) ?? noHistory, time, g.targets)]));
}
