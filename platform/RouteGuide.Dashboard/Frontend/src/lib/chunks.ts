/** A part of a long text: it is never changed, so what shows it need not look at it again. The last one is replaced while it fills. */
export interface Chunk<T> { id: number; items: readonly T[] }

const size = 200;

/** Adds items at the end and drops whole chunks from the beginning when more than `limit` items are kept. */
export function append<T>(chunks: readonly Chunk<T>[], items: readonly T[], limit: number): readonly Chunk<T>[] {
  if (items.length === 0) return chunks;
  const result = [...chunks];
  let from = 0;
  const last = result.at(-1);
  if (last && last.items.length < size) {
    from = Math.min(items.length, size - last.items.length);
    result[result.length - 1] = { id: last.id, items: [...last.items, ...items.slice(0, from)] };
  }
  let id = (last?.id ?? 0) + 1;
  for (; from < items.length; from += size) result.push({ id: id++, items: items.slice(from, from + size) });
  let kept = result.reduce((sum, c) => sum + c.items.length, 0);
  let drop = 0;
  while (drop < result.length - 1 && kept - result[drop].items.length >= limit) kept -= result[drop++].items.length;
  return drop > 0 ? result.slice(drop) : result;
}
