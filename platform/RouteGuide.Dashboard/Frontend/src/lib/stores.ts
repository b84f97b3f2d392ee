import { computed, signal } from '@preact/signals';
import type { Resource, ResourcesEvent, TelemetryEvent } from '../api';
import { subscribe } from './stream';

/** What the app host runs, by name. */
export const resources = signal<ReadonlyMap<string, Resource>>(new Map());
/** How it stands with the app host. */
export const host = signal<{ connection: ResourcesEvent['connection']; message: string | null; loaded: boolean }>({ connection: 'connecting', message: null, loaded: false });
/** Who sends telemetry. */
export const telemetry = signal<TelemetryEvent>({ resources: [], totals: { logs: 0, traces: 0, spans: 0 }, limits: [], errors: {} });

/** Colours by instance: the same on every page. */
export const colors = computed(() => {
  const result = new Map<string, number>();
  for (const t of telemetry.value.resources) result.set(t.instance, t.color);
  for (const r of resources.value.values()) result.set(r.name, r.color);
  return result;
});

/** Follows both for as long as somebody is logged in. */
export function followStores() {
  const ends = [
    subscribe('resources', {}, event => {
      if (event.snapshot || event.upserts || event.deletes) {
        const next = new Map(event.snapshot ? [] : resources.peek());
        for (const r of event.snapshot ?? []) next.set(r.name, r);
        for (const r of event.upserts ?? []) next.set(r.name, r);
        for (const name of event.deletes ?? []) next.delete(name);
        resources.value = next;
      }
      host.value = { connection: event.connection, message: event.message, loaded: host.peek().loaded || event.snapshot !== undefined };
    }),
    subscribe('telemetry', {}, event => {
      telemetry.value = event;
    }),
  ];
  return () => ends.forEach(end => end());
}
