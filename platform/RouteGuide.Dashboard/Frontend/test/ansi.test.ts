import { expect, test } from 'vitest';
import { parseAnsi, stripAnsi } from '../src/lib/ansi';

test('colours become classes and end where they are reset', () => {
  expect(parseAnsi('\x1b[32minfo\x1b[0m: text')).toEqual([{ text: 'info', classes: 'fg2' }, { text: ': text', classes: '' }]);
});

test('bold brightens the eight dark colours', () => {
  expect(parseAnsi('\x1b[1;31mred')).toEqual([{ text: 'red', classes: 'fg9 bold' }]);
});

test('colours of the table of 256 and of 24 bits find the nearest of the sixteen', () => {
  expect(parseAnsi('\x1b[38;5;196mred')[0].classes).toBe('fg9');
  expect(parseAnsi('\x1b[38;2;0;0;250mblue')[0].classes).toBe('fg12');
  expect(parseAnsi('\x1b[38;5;255;4mwhite')[0].classes).toBe('fg15 underline');
});

test('what prints nothing is left out: titles, cursor movements, bells', () => {
  expect(stripAnsi('\x1b]0;title\x07a\x1b[2Kb\x07c')).toBe('abc');
  expect(stripAnsi('\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\')).toBe('link');
});

test('addresses become links without the full stop behind them', () => {
  expect(parseAnsi('on https://localhost:5001/a, see http://b.')).toEqual([
    { text: 'on ', classes: '' }, { text: 'https://localhost:5001/a', classes: '', href: 'https://localhost:5001/a' },
    { text: ', see ', classes: '' }, { text: 'http://b', classes: '', href: 'http://b' }, { text: '.', classes: '' },
  ]);
});

test('markup stays text', () => {
  expect(parseAnsi('<script>alert(1)</script>')).toEqual([{ text: '<script>alert(1)</script>', classes: '' }]);
});
