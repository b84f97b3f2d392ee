/** Which of `count` rows are in sight, with a few more on either side so that scrolling finds them there: from (included), to (excluded). */
export function visibleRange(top: number, height: number, rowHeight: number, count: number): [number, number] {
  const spare = 8;
  const from = Math.max(0, Math.min(count, Math.floor(top / rowHeight) - spare));
  const to = Math.min(count, Math.ceil((top + height) / rowHeight) + spare);
  return [from, Math.max(from, to)];
}
