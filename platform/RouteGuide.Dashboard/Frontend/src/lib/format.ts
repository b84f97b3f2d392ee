import { stored } from './stored';

export type TimeFormat = 'system' | '12' | '24';

export const timeFormat = stored<TimeFormat>('timeFormat', 'system', v => v === 'system' || v === '12' || v === '24');
export const utc = stored<boolean>('utc', false, v => typeof v === 'boolean');

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions) {
  const hour12 = timeFormat.value === 'system' ? undefined : timeFormat.value === '12';
  const all: Intl.DateTimeFormatOptions = { ...options, hour12, timeZone: utc.value ? 'UTC' : undefined };
  const key = JSON.stringify(all);
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.DateTimeFormat(undefined, all)));
  return found;
}

/** The time of day with milliseconds; with the date where it is another day than today. */
export function formatTime(iso: string | number | null, milliseconds = true) {
  if (iso === null) return '–';
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '–';
  const time: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit', second: '2-digit', fractionalSecondDigits: milliseconds ? 3 : undefined };
  if (date.toDateString() !== new Date().toDateString()) Object.assign(time, { month: 'short', day: 'numeric' });
  return formatter(time).format(date);
}

/** The time of day for an axis: hours and minutes, with seconds where the marks stand closer than that. */
export const formatTick = (time: number, seconds: boolean) => formatter({ hour: 'numeric', minute: '2-digit', second: seconds ? '2-digit' : undefined }).format(new Date(time));

export function formatDateTime(iso: string | null) {
  if (iso === null) return '–';
  return formatter({ year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 }).format(new Date(iso));
}

const steps: [number, string][] = [[3_600_000_000_000, 'h'], [60_000_000_000, 'm'], [1_000_000_000, 's'], [1_000_000, 'ms'], [1_000, 'µs'], [1, 'ns']];

/** Nanoseconds in the largest unit that leaves a whole number, with three digits that mean something: `1.23ms`, `2m 5s`. */
export function formatDuration(ns: number): string {
  if (ns <= 0) return '0ms';
  if (ns >= 59_999_500_000) {
    const seconds = Math.round(ns / 1e9);
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    return h > 0 ? `${h}h ${m}m` : `${m}m ${s}s`;
  }
  const [size, unit] = steps.find(([size]) => ns >= size * 0.9995) ?? steps[steps.length - 1];
  return `${significant(ns / size)}${unit}`;
}

/** A number with three significant digits and no trailing zeros. */
export function significant(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(size >= 0.001 ? 3 : 2)));
}

export const formatCount = (value: number) => value.toLocaleString('en-US');

/** A measured value with its unit, scaled where the unit has scales: seconds, bytes. */
export function formatValue(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return '–';
  if (unit === 's') return formatDuration(value * 1e9);
  if (unit === 'ms') return formatDuration(value * 1e6);
  if (unit === 'By') return formatBytes(value);
  const text = Math.abs(value) >= 10_000 ? formatCount(Math.round(value)) : significant(value);
  return unit && unit !== '1' && !unit.startsWith('{') ? `${text} ${unit.replace(/[{}]/g, '')}` : text;
}

export function formatBytes(value: number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  let rest = value;
  while (Math.abs(rest) >= 1024 && i < units.length - 1) {
    rest /= 1024;
    i++;
  }
  return `${significant(rest)} ${units[i]}`;
}

export const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;

export const plural = (count: number, one: string, many = `${one}s`) => `${formatCount(count)} ${count === 1 ? one : many}`;
