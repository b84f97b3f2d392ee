/** A node of a drawing in layers, and where it was put: columns from 0 at the left, rows from 0 at the top of its column. */
export interface Placed { name: string; column: number; row: number }

/**
 * Lays a graph out from left to right: who needs somebody stands left of him, in as few columns as possible. Within a column nodes stand
 * beside what they are joined to, which keeps lines short. Rings are cut where they are met, so every graph has a layout.
 */
export function layers(names: readonly string[], edges: readonly { from: string; to: string }[]): Placed[] {
  const out = new Map(names.map(n => [n, edges.filter(e => e.from === n && e.to !== n && names.includes(e.to)).map(e => e.to)]));
  const depth = new Map<string, number>();
  const visiting = new Set<string>();
  const visit = (n: string): number => {
    const known = depth.get(n);
    if (known !== undefined) return known;
    if (visiting.has(n)) return -1;
    visiting.add(n);
    const d = Math.max(-1, ...out.get(n)!.map(visit)) + 1;
    visiting.delete(n);
    depth.set(n, d);
    return d;
  };
  names.forEach(visit);
  const last = Math.max(0, ...depth.values());
  const columns: string[][] = Array.from({ length: last + 1 }, () => []);
  for (const n of names) columns[last - depth.get(n)!].push(n);

  const rowOf = new Map<string, number>();
  const settle = (column: string[], neighbours: (n: string) => string[]) => {
    const centre = (n: string) => {
      const rows = neighbours(n).map(m => rowOf.get(m)).filter(r => r !== undefined);
      return rows.length > 0 ? rows.reduce((a, b) => a + b, 0) / rows.length : (rowOf.get(n) ?? 0);
    };
    const order = new Map(column.map(n => [n, centre(n)]));
    column.sort((a, b) => order.get(a)! - order.get(b)!);
    column.forEach((n, i) => rowOf.set(n, i - (column.length - 1) / 2));
  };
  columns.forEach(c => c.forEach((n, i) => rowOf.set(n, i - (c.length - 1) / 2)));
  for (let round = 0; round < 4; round++) {
    for (const c of columns) settle(c, n => names.filter(m => out.get(m)!.includes(n)));
    for (const c of [...columns].reverse()) settle(c, n => out.get(n)!);
  }
  return columns.flatMap((c, column) => c.map(name => ({ name, column, row: rowOf.get(name)! })));
}
