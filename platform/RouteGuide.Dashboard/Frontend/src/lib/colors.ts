import { effect } from '@preact/signals';
import { shown } from './theme';

const probe = document.createElement('span');
probe.hidden = true;

const known = new Map<string, string>();

effect(() => {
  void shown.value;
  known.clear();
});

/** A colour of the style sheet as the theme that is shown has it, in the form `rgb(…)`, for canvases: they know no variables. */
export function colorOf(variable: string): string {
  let color = known.get(variable);
  if (color === undefined) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(${variable})`;
    color = getComputedStyle(probe).color;
    known.set(variable, color);
  }
  return color;
}

/** The same, to be seen through. */
export const faint = (color: string) => color.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.18)');
