import { beforeAll, expect, test, vi } from 'vitest';
import type { Feature } from '../src/api';
import { e7, fit, formatPoint, gridLines, nearest, placeLabels, placeName, toPixel, toPoint, zoom } from '../src/lib/geo';
import { layers } from '../src/lib/layers';

beforeAll(() => vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined }));
const { noHistory, record } = await import('../src/pages/balancer/history');

const view = fit({ south: 40, north: 42, west: -75, east: -74 }, 800, 600);
const feature = (name: string, latitude: number, longitude: number): Feature => ({ name, location: { latitude: latitude * e7, longitude: longitude * e7 } });

test('a pixel and its point belong together', () => {
  const point = toPoint(view, 123, 456);
  const pixel = toPixel(view, point);
  expect(pixel.x).toBeCloseTo(123, 2);
  expect(pixel.y).toBeCloseTo(456, 2);
});

test('zooming keeps the point under the pointer, and no point leaves the globe', () => {
  const before = toPoint(view, 200, 100);
  const after = toPoint(zoom(view, 3, 200, 100), 200, 100);
  expect(Math.abs(after.latitude - before.latitude)).toBeLessThan(20);
  expect(Math.abs(after.longitude - before.longitude)).toBeLessThan(20);
  const far = toPoint({ ...view, scale: 1 }, -5000, -5000);
  expect(far).toEqual({ latitude: 90 * e7, longitude: -180 * e7 });
});

test('the nearest place within reach is found', () => {
  const places = [feature('a', 41, -74.5), feature('b', 41.5, -74.2)];
  const { x, y } = toPixel(view, places[0].location);
  expect(nearest(view, places, x + 5, y, 10)?.name).toBe('a');
  expect(nearest(view, places, x + 50, y, 10)).toBeNull();
});

test('no label covers another one or a place', () => {
  const places = [feature('One Road, Here, NJ 1, USA', 41, -74.5), feature('Two Road, There, NJ 2, USA', 41.0001, -74.5), feature('Three Road, Far, NJ 3, USA', 40.2, -74.9)];
  const labels = placeLabels(view, places, new Set());
  expect(labels.get(places[2])?.text).toBe('Far');
  const [a, b] = [labels.get(places[0])!, labels.get(places[1])];
  if (b) expect(Math.abs(a.y - b.y) >= 12 || Math.abs(a.x - b.x) >= 30).toBe(true);
  expect(placeName('Berkshire Valley Management Area Trail, Jefferson, NJ, USA')).toBe('Jefferson');
});

test('grid lines are round, coordinates are written with their side', () => {
  expect(gridLines(40, 42, 4)).toEqual([40, 40.5, 41, 41.5, 42]);
  expect(formatPoint({ latitude: 407838351, longitude: -746143763 })).toBe('40.7838° N, 74.6144° W');
});

test('who needs somebody stands left of him, and rings have a layout too', () => {
  const column = (name: string) => layers(['client', 'server', 'balancer'], [{ from: 'client', to: 'balancer' }, { from: 'client', to: 'server' }, { from: 'server', to: 'balancer' }]).find(p => p.name === name)!.column;
  expect(column('client')).toBeLessThan(column('server'));
  expect(column('server')).toBeLessThan(column('balancer'));
  expect(layers(['a', 'b'], [{ from: 'a', to: 'b' }, { from: 'b', to: 'a' }])).toHaveLength(2);
  expect(layers([], [])).toEqual([]);
});

test('the history keeps five minutes, has gaps for what is gone, and forgets what a clock that jumped back left behind', () => {
  let history = noHistory;
  for (let i = 0; i < 400; i++) history = record(history, i * 1000, i < 200 ? [{ name: 'a', callsPerSecond: 1 }, { name: 'b', callsPerSecond: 2 }] : [{ name: 'a', callsPerSecond: 1 }]);
  expect(history.times).toHaveLength(300);
  expect(history.rates.get('b')!.filter(v => v !== null)).toHaveLength(100);
  for (let i = 400; i < 600; i++) history = record(history, i * 1000, [{ name: 'a', callsPerSecond: 1 }]);
  expect(history.rates.has('b')).toBe(false);
  const back = record(history, 450_000, [{ name: 'a', callsPerSecond: 1 }]);
  expect(back.times.at(-1)).toBe(450_000);
  expect(back.times.every((t, i) => i === 0 || t > back.times[i - 1])).toBe(true);
});
