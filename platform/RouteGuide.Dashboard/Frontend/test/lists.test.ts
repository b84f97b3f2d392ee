import { expect, test } from 'vitest';
import { append, type Chunk } from '../src/lib/chunks';
import { visibleRange } from '../src/lib/window';

const flat = (chunks: readonly Chunk<number>[]) => chunks.flatMap(c => c.items);
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

test('lines stay in order over chunks, and full chunks stay the same objects', () => {
  const first = append([], numbers(0, 250), 10_000);
  const second = append(first, numbers(250, 300), 10_000);
  expect(flat(second)).toEqual(numbers(0, 550));
  expect(second[0]).toBe(first[0]);
  expect(new Set(second.map(c => c.id)).size).toBe(second.length);
});

test('the oldest chunks go when more than the limit is kept', () => {
  let chunks: readonly Chunk<number>[] = [];
  for (let i = 0; i < 100; i++) chunks = append(chunks, numbers(i * 97, 97), 1000);
  const kept = flat(chunks);
  expect(kept.length).toBeGreaterThanOrEqual(1000);
  expect(kept.length).toBeLessThan(1200);
  expect(kept.at(-1)).toBe(9699);
});

test('only the rows in sight exist, with some to spare', () => {
  expect(visibleRange(0, 300, 30, 1000)).toEqual([0, 18]);
  expect(visibleRange(3000, 300, 30, 1000)).toEqual([92, 118]);
  expect(visibleRange(29_900, 300, 30, 1000)).toEqual([988, 1000]);
  expect(visibleRange(5000, 300, 30, 0)).toEqual([0, 0]);
});
