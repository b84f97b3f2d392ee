import { beforeAll, expect, test, vi } from 'vitest';

beforeAll(() => vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined }));
const format = await import('../src/lib/format');

test.each([[0, '0ms'], [12, '12ns'], [1_500, '1.5µs'], [999_600, '1ms'], [1_234_567, '1.23ms'], [12_345_678_900, '12.3s'], [125_000_000_000, '2m 5s'], [3_660_000_000_000, '1h 1m']])('%d ns is %s', (ns, text) => {
  expect(format.formatDuration(ns)).toBe(text);
});

test.each([[512, '512 B'], [1536, '1.5 KiB'], [94_371_840, '90 MiB']])('%d bytes are %s', (bytes, text) => expect(format.formatBytes(bytes)).toBe(text));

test('values carry their unit, annotations in braces do not', () => {
  expect(format.formatValue(0.0042, 's')).toBe('4.2ms');
  expect(format.formatValue(3, '{request}')).toBe('3');
  expect(format.formatValue(3, 'V')).toBe('3 V');
  expect(format.formatValue(null, 's')).toBe('–');
});

test('shares below a tenth have a digit more', () => {
  expect(format.percent(0.333)).toBe('33%');
  expect(format.percent(0.045)).toBe('4.5%');
  expect(format.percent(0)).toBe('0%');
});
