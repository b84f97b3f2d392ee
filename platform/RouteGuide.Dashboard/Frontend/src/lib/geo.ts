import type { Feature, GeoPoint } from '../api';

export const e7 = 1e7;

/** A part of the globe in degrees. */
export interface Bounds { south: number; north: number; west: number; east: number }

/**
 * How the plot lies in its box: `scale` pixels per degree of latitude. A degree of longitude is shorter by the cosine of the latitude;
 * over the area of a plot one factor does, and it stays while the view moves, so that nothing slips under the pointer.
 */
export interface View { centre: { latitude: number; longitude: number }; scale: number; stretch: number; width: number; height: number }

const limit = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

export const toPixel = (v: View, p: GeoPoint) => ({
  x: v.width / 2 + (p.longitude / e7 - v.centre.longitude) * v.scale * v.stretch,
  y: v.height / 2 - (p.latitude / e7 - v.centre.latitude) * v.scale,
});

/** The point under a pixel, on the globe. */
export const toPoint = (v: View, x: number, y: number): GeoPoint => ({
  latitude: Math.round(limit(v.centre.latitude - (y - v.height / 2) / v.scale, -90, 90) * e7),
  longitude: Math.round(limit(v.centre.longitude + (x - v.width / 2) / v.scale / v.stretch, -180, 180) * e7),
});

export function boundsOf(points: readonly GeoPoint[]): Bounds {
  if (points.length === 0) return { south: -60, north: 60, west: -170, east: 170 };
  const [lat, lon] = [points.map(p => p.latitude / e7), points.map(p => p.longitude / e7)];
  return { south: Math.min(...lat), north: Math.max(...lat), west: Math.min(...lon), east: Math.max(...lon) };
}

/** The view in which all of the bounds are in sight. */
export function fit(b: Bounds, width: number, height: number): View {
  const centre = { latitude: (b.south + b.north) / 2, longitude: (b.west + b.east) / 2 };
  const stretch = Math.max(0.05, Math.cos((centre.latitude * Math.PI) / 180));
  const [tall, wide] = [Math.max(b.north - b.south, 0.001), Math.max(b.east - b.west, 0.001) * stretch];
  return { centre, stretch, width, height, scale: Math.max(1, Math.min((height - 70) / tall, (width - 110) / wide)) };
}

/** Zooms around a pixel, which stays where it is. */
export function zoom(v: View, factor: number, x: number, y: number): View {
  const before = toPoint(v, x, y);
  const next = { ...v, scale: limit(v.scale * factor, 1, 5e6) };
  const after = toPoint(next, x, y);
  return { ...next, centre: { latitude: v.centre.latitude + (before.latitude - after.latitude) / e7, longitude: v.centre.longitude + (before.longitude - after.longitude) / e7 } };
}

/** Round numbers of degrees for the lines of a grid, about `count` of them. */
export function gridLines(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= rough)!;
  const result: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) result.push(Number((i * step).toFixed(6)));
  return result;
}

/** `40.7838° N, 74.6144° W` */
export function formatPoint(p: GeoPoint, digits = 4) {
  const one = (value: number, plus: string, minus: string) => `${Math.abs(value / e7).toFixed(digits)}° ${value >= 0 ? plus : minus}`;
  return `${one(p.latitude, 'N', 'S')}, ${one(p.longitude, 'E', 'W')}`;
}

/** What is nearest to a pixel, within `reach` pixels. */
export function nearest(v: View, features: readonly Feature[], x: number, y: number, reach: number): Feature | null {
  let best: Feature | null = null;
  let least = reach;
  for (const f of features) {
    const p = toPixel(v, f.location);
    const distance = Math.hypot(p.x - x, p.y - y);
    if (distance <= least) [best, least] = [f, distance];
  }
  return best;
}

export const samePoint = (a: GeoPoint, b: GeoPoint) => a.latitude === b.latitude && a.longitude === b.longitude;

/** The part of an address that names the place: `Patriots Path, Mendham, NJ 07945, USA` is `Mendham`, `U.S. 6, Shohola, PA 18458, USA` is `Shohola`. */
export function placeName(name: string) {
  const parts = name.split(',').map(s => s.trim());
  return parts.length >= 4 ? parts.at(-3)! : parts[0];
}

/** Which features can bear a label without one covering another; those that come first win. Each place is named once. */
export function placeLabels(v: View, features: readonly Feature[], first: ReadonlySet<Feature>): Map<Feature, { x: number; y: number; text: string }> {
  // No label covers a place either.
  const taken = features.map(f => toPixel(v, f.location)).map(p => ({ left: p.x - 4, top: p.y - 4, right: p.x + 4, bottom: p.y + 4 }));
  const named = new Set<string>();
  const result = new Map<Feature, { x: number; y: number; text: string }>();
  for (const f of [...features].sort((a, b) => Number(first.has(b)) - Number(first.has(a)))) {
    const text = placeName(f.name);
    if (!text || (named.has(text) && !first.has(f))) continue;
    const p = toPixel(v, f.location);
    const width = text.length * 6.4 + 4;
    const box = [{ x: p.x + 9, y: p.y + 4 }, { x: p.x - width - 5, y: p.y + 4 }, { x: p.x - width / 2, y: p.y - 10 }, { x: p.x - width / 2, y: p.y + 20 }]
      .map(at => ({ at, left: at.x - 2, top: at.y - 12, right: at.x + width, bottom: at.y + 4 }))
      .find(b => b.left > 4 && b.right < v.width - 4 && b.top > 4 && b.bottom < v.height - 4 && taken.every(t => b.right < t.left || b.left > t.right || b.bottom < t.top || b.top > t.bottom));
    if (!box) continue;
    taken.push(box);
    named.add(text);
    result.set(f, { ...box.at, text });
  }
  return result;
}
