import { effect, signal, type Signal } from '@preact/signals';

/**
 * A choice that outlives the page. It is kept per browser where storage is allowed, and for the page's life where it is not.
 * @param isValid Whether a stored value may be used: an older version, or somebody's hand, may have written it.
 */
export function stored<T>(name: string, initial: T, isValid: (value: unknown) => boolean): Signal<T> {
  const key = `routeguide.${name}`;
  const value = signal(read(key, initial, isValid));
  let first = true;
  effect(() => {
    const now = value.value;
    // What nobody chose is not written: a default may change in a later version.
    if (first) first = false;
    else write(key, now);
  });
  return value;
}

function read<T>(key: string, initial: T, isValid: (value: unknown) => boolean): T {
  try {
    const text = localStorage.getItem(key);
    if (text === null) return initial;
    // Plain words are kept as they are: the script that runs before the first paint reads the theme.
    const value: unknown = typeof initial === 'string' ? text : JSON.parse(text);
    return isValid(value) ? (value as T) : initial;
  } catch {
    return initial;
  }
}

function write(key: string, value: unknown) {
  try {
    localStorage.setItem(key, typeof value === 'string' ? value : JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the choice holds until the page is closed.
  }
}
