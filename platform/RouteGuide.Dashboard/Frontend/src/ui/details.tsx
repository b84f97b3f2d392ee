import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { stored } from '../lib/stored';
import { useShortcuts } from '../lib/shortcuts';
import { Button, CopyButton, Marked, Search } from './controls';
import { Icon } from './icon';

const isSize = (v: unknown) => typeof v === 'number' && v >= 200 && v <= 2000;
const orientation = stored<'right' | 'below'>('details.orientation', 'right', v => v === 'right' || v === 'below');
const width = stored<number>('details.width', 440, isSize);
const height = stored<number>('details.height', 320, isSize);

/** A page's content with, when something is selected, a panel of details beside or below it. */
export const Split = ({ children, details }: { children: ComponentChildren; details: ComponentChildren }) => (
  <div class={`split ${orientation.value}`}>
    <div class="content">{children}</div>
    {details}
  </div>
);

interface Props { title: ComponentChildren; onClose: () => void; tools?: ComponentChildren; children: (search: string) => ComponentChildren; label: string }

export function Details({ title, onClose, tools, children, label }: Props) {
  const [search, setSearch] = useState('');
  const right = orientation.value === 'right';
  const size = right ? width : height;
  const drag = useRef<{ at: number; size: number } | null>(null);
  const resize = (next: number) => {
    size.value = Math.round(Math.min(1600, Math.max(200, next)));
  };
  useShortcuts({
    '+': () => resize(size.value + 40), '-': () => resize(size.value - 40), 'Shift+R': () => resize(right ? 440 : 320),
    'Shift+T': () => (orientation.value = right ? 'below' : 'right'), 'Shift+X': onClose, Escape: onClose,
  });
  return (
    <aside class="details" aria-label={label} data-testid="details" ref={e => void e?.style.setProperty('--details-size', `${size.value}px`)}>
      <div class="resizer" role="separator" tabindex={0} aria-label="Resize the details" aria-orientation={right ? 'vertical' : 'horizontal'}
        aria-valuenow={size.value} aria-valuemin={200} aria-valuemax={1600}
        onPointerDown={e => {
          e.currentTarget.setPointerCapture(e.pointerId);
          drag.current = { at: right ? e.clientX : e.clientY, size: size.value };
        }}
        onPointerMove={e => {
          if (drag.current) resize(drag.current.size + drag.current.at - (right ? e.clientX : e.clientY));
        }}
        onPointerUp={() => (drag.current = null)}
        onKeyDown={e => {
          if (e.key === 'ArrowLeft' || e.key === 'ArrowUp') resize(size.value + 20);
          else if (e.key === 'ArrowRight' || e.key === 'ArrowDown') resize(size.value - 20);
        }} />
      <header>
        <h2>{title}</h2>
        <Button class="orientation" icon={right ? 'panelBottom' : 'panelRight'} label={right ? 'Show the details below' : 'Show the details at the right'}
          onClick={() => (orientation.value = right ? 'below' : 'right')} />
        <Button icon="dismiss" label="Close the details" onClick={onClose} />
      </header>
      <div class="tools"><Search value={search} onChange={setSearch} label="Filter the details" />{tools}</div>
      <div class="cards">{children(search)}</div>
    </aside>
  );
}

export interface Property { name: string; value: string; masked?: boolean; href?: string; node?: ComponentChildren }

const isFound = (p: Property, search: string) => {
  const wanted = search.toLowerCase();
  return !wanted || p.name.toLowerCase().includes(wanted) || (!p.masked && p.value.toLowerCase().includes(wanted));
};

/** A card of names and values; it hides when the search finds nothing in it. */
export function PropertyCard({ title, properties, search, tools, open = true }: { title: string; properties: Property[]; search: string; tools?: ComponentChildren; open?: boolean }) {
  const found = properties.filter(p => isFound(p, search));
  if (found.length === 0 && (search || properties.length === 0)) return null;
  return (
    <details class="card" open={open}>
      <summary><Icon name="chevronRight" class="small" />{title}<span class="pill">{found.length}</span></summary>
      {tools && <div class="card-body row">{tools}</div>}
      <dl class="properties">{found.map(p => <PropertyRow key={p.name} property={p} search={search} />)}</dl>
    </details>
  );
}

function PropertyRow({ property: p, search }: { property: Property; search: string }) {
  const [seen, setSeen] = useState(false);
  const hidden = p.masked && !seen;
  return (
    <div>
      <dt><Marked text={p.name} search={search} /></dt>
      <dd>
        <span class="value">
          {hidden ? <span class="masked" aria-label="hidden">••••••••</span>
            : p.node ?? (p.href ? <a href={p.href} target={/^https?:/.test(p.href) ? '_blank' : undefined} rel="noreferrer">{p.value}</a> : <Marked text={p.value} search={search} />)}
        </span>
        <span class="acts">
          {p.masked && <Button icon={hidden ? 'eye' : 'eyeOff'} label={hidden ? `Show ${p.name}` : `Hide ${p.name}`} aria-pressed={!hidden} onClick={() => setSeen(!seen)} />}
          <CopyButton text={p.value} label={p.name} />
        </span>
      </dd>
    </div>
  );
}
