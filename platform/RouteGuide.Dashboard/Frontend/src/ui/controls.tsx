import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { attempt } from '../lib/notices';
import { Icon } from './icon';
import type { IconName } from './icons';

type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'icon'> & { icon?: IconName; label?: string; look?: 'subtle' | 'outline' | 'primary' | 'danger' };

/** A button with text, an icon, or both; with an icon alone `label` says what it does. */
export function Button({ icon, label, look = 'subtle', children, class: classes = '', ...rest }: ButtonProps) {
  const alone = icon !== undefined && !children;
  return (
    <button type="button" class={`button ${look} ${alone ? 'icon-only' : ''} ${classes}`} aria-label={label} title={label} {...rest}>
      {icon && <Icon name={icon} class={alone ? '' : 'small'} />}
      {children}
    </button>
  );
}

/**
 * A search field that keeps what is typed: `value` sets it only while nobody types in it, and `onChange` comes when the typing rests.
 */
export function Search({ value, onChange, label, placeholder = 'Filter…' }: { value: string; onChange: (text: string) => void; label: string; placeholder?: string }) {
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    if (document.activeElement !== field.current) setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(next), 200);
  };
  return (
    <span class="search">
      <Icon name="search" />
      <input ref={field} type="search" class="input" value={text} placeholder={placeholder} aria-label={label} autocomplete="off" spellcheck={false}
        onInput={e => type(e.currentTarget.value)} />
    </span>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty" data-testid="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** The name of a resource with its colour. */
export const ResourceName = ({ name, color }: { name: string; color: number | undefined }) => (
  <span class={`resource c${color ?? '-'}`}><span class="ellipsis">{name}</span></span>
);

export const CopyButton = ({ text, label }: { text: string; label: string }) => (
  <Button icon="copy" label={`Copy ${label}`} onClick={() => void attempt(`Copied ${label}`, () => navigator.clipboard.writeText(text))} />
);

/** Text in which what was searched for is marked. */
export function Marked({ text, search }: { text: string; search: string }) {
  if (!search) return <>{text}</>;
  const parts: ComponentChildren[] = [];
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return <>{parts}{text.slice(from)}</>;
}
