import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { visibleRange } from '../lib/window';

interface Props<T> {
  items: readonly T[];
  rowHeight: number;
  /** CSS classes that give the columns, used by the head and each row. */
  columns: string;
  head: ComponentChildren;
  keyOf: (item: T) => string | number;
  /** What a row is beside its cells. */
  rowProps?: (item: T) => { class?: string; selected?: boolean };
  row: (item: T) => ComponentChildren;
  onSelect: (item: T) => void;
  label: string;
  /** Stay at the newest row at the end, as long as nobody scrolls up. */
  follow?: boolean;
}

/** A table of which only the rows in sight exist. */
export function VirtualList<T>({ items, rowHeight, columns, head, keyOf, rowProps, row, onSelect, label, follow }: Props<T>) {
  const body = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [view, setView] = useState({ top: 0, height: 600 });
  const look = () => {
    // The observer may still speak up after the page has gone.
    const e = body.current;
    if (!e) return;
    atEnd.current = e.scrollTop + e.clientHeight >= e.scrollHeight - rowHeight;
    setView({ top: e.scrollTop, height: e.clientHeight });
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(body.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follow && atEnd.current) body.current!.scrollTop = body.current!.scrollHeight;
  }, [items, follow]);
  const [from, to] = visibleRange(view.top, view.height, rowHeight, items.length);
  return (
    <div class="list" role="table" aria-label={label} aria-rowcount={items.length + 1}>
      <div class={`list-head ${columns}`} role="row">{head}</div>
      <div class="list-body" ref={body} onScroll={look} tabindex={0} role="rowgroup" aria-label={label}>
        <div ref={e => void (e && (e.style.height = `${items.length * rowHeight}px`))} role="presentation">
          {items.slice(from, to).map((item, i) => {
            const more = rowProps?.(item);
            return (
              <div key={keyOf(item)} role="row" aria-rowindex={from + i + 2} aria-selected={more?.selected ?? false} class={`list-row ${columns} ${more?.class ?? ''}`}
                ref={e => {
                  if (!e) return;
                  e.style.top = `${(from + i) * rowHeight}px`;
                  e.style.height = `${rowHeight}px`;
                }}
                onClick={() => onSelect(item)}>
                {row(item)}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
