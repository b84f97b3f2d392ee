/** A run of text in one style. */
export interface Run { text: string; classes: string; href?: string }

interface Style { fg: number | null; bg: number | null; bold: boolean; dim: boolean; italic: boolean; underline: boolean; inverse: boolean }

const plain: Style = { fg: null, bg: null, bold: false, dim: false, italic: false, underline: false, inverse: false };

// CSI sequences (colours are those that end in m), OSC sequences (titles, hyperlinks), and other control characters that print nothing.
const control = /\x1b\[([0-9;:]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|[\x00-\x08\x0b-\x1f\x7f]/g;
const link = /https?:\/\/[^\s"'<>()[\]{}]*[^\s"'<>()[\]{}.,;:!?]/g;

/** Takes a console line apart. Colours of the 256 colour table and of 24 bits become the nearest of the 16 that the theme knows. */
export function parseAnsi(line: string): Run[] {
  const runs: Run[] = [];
  let style = { ...plain };
  let from = 0;
  for (const match of line.matchAll(control)) {
    push(runs, line.slice(from, match.index), style);
    from = match.index + match[0].length;
    if (match[2] === 'm') style = apply(style, match[1]);
  }
  push(runs, line.slice(from), style);
  return runs;
}

/** The text without its escape sequences. */
export const stripAnsi = (line: string) => line.replace(control, '');

function push(runs: Run[], text: string, style: Style) {
  if (!text) return;
  const classes = classesOf(style);
  let from = 0;
  for (const match of text.matchAll(link)) {
    if (match.index > from) runs.push({ text: text.slice(from, match.index), classes });
    runs.push({ text: match[0], classes, href: match[0] });
    from = match.index + match[0].length;
  }
  if (from < text.length) runs.push({ text: text.slice(from), classes });
}

function classesOf(s: Style) {
  const [fg, bg] = s.inverse ? [s.bg ?? 0, s.fg ?? 7] : [s.fg, s.bg];
  return [
    fg === null ? '' : `fg${s.bold && fg < 8 && !s.inverse ? fg + 8 : fg}`, bg === null ? '' : `bg${bg}`,
    s.bold ? 'bold' : '', s.dim ? 'dim' : '', s.italic ? 'italic' : '', s.underline ? 'underline' : '',
  ].filter(Boolean).join(' ');
}

function apply(style: Style, parameters: string): Style {
  const next = { ...style };
  const codes = parameters.split(/[;:]/).map(c => (c === '' ? 0 : Number(c)));
  for (let i = 0; i < codes.length; i++) {
    const c = codes[i];
    if (c === 0) Object.assign(next, plain);
    else if (c === 1) next.bold = true;
    else if (c === 2) next.dim = true;
    else if (c === 3) next.italic = true;
    else if (c === 4) next.underline = true;
    else if (c === 7) next.inverse = true;
    else if (c === 22) next.bold = next.dim = false;
    else if (c === 23) next.italic = false;
    else if (c === 24) next.underline = false;
    else if (c === 27) next.inverse = false;
    else if (c >= 30 && c <= 37) next.fg = c - 30;
    else if (c === 39) next.fg = null;
    else if (c >= 40 && c <= 47) next.bg = c - 40;
    else if (c === 49) next.bg = null;
    else if (c >= 90 && c <= 97) next.fg = c - 82;
    else if (c >= 100 && c <= 107) next.bg = c - 92;
    else if (c === 38 || c === 48) {
      const [color, used] = extended(codes, i + 1);
      if (c === 38) next.fg = color;
      else next.bg = color;
      i += used;
    }
  }
  return next;
}

function extended(codes: number[], at: number): [number | null, number] {
  if (codes[at] === 2) return [nearest(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), 4];
  if (codes[at] !== 5) return [null, 1];
  const n = codes[at + 1] ?? 0;
  if (n < 16) return [n, 2];
  if (n >= 232) return [nearest((n - 232) * 10 + 8, (n - 232) * 10 + 8, (n - 232) * 10 + 8), 2];
  const level = (v: number) => (v === 0 ? 0 : v * 40 + 55);
  return [nearest(level(Math.floor((n - 16) / 36)), level(Math.floor((n - 16) / 6) % 6), level((n - 16) % 6)), 2];
}

function nearest(r: number, g: number, b: number) {
  const bright = Math.max(r, g, b);
  if (bright - Math.min(r, g, b) < 32) return bright < 64 ? 0 : bright < 160 ? 8 : bright < 224 ? 7 : 15;
  const half = bright / 2;
  return (r > half ? 1 : 0) + (g > half ? 2 : 0) + (b > half ? 4 : 0) + (bright > 192 ? 8 : 0);
}
