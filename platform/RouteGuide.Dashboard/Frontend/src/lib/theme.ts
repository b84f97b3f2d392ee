import { signal } from '@preact/signals';
import { stored } from './stored';

export type Theme = 'system' | 'light' | 'dark';

/** What was chosen. */
export const theme = stored<Theme>('theme', 'system', v => v === 'light' || v === 'dark' || v === 'system');

const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** What is shown: `system` resolved. */
export const shown = signal<'light' | 'dark'>('dark');

const apply = () => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  // Last: who hears of it asks the document for its colours.
  shown.value = theme.value === 'system' ? (dark.matches ? 'dark' : 'light') : theme.value;
};

dark.addEventListener('change', apply);
theme.subscribe(apply);
