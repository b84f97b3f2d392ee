import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon';
import type { IconName } from './icons';
import { Button } from './controls';

interface Props {
  label: string;
  icon?: IconName;
  /** What the button shows beside or instead of its icon. */
  text?: ComponentChildren;
  look?: 'subtle' | 'outline';
  class?: string;
  kind?: 'menu' | 'dialog';
  onOpen?: () => void;
  children: (close: () => void) => ComponentChildren;
}

/** A button and what it opens below itself; Escape, a click elsewhere and leaving with Tab close it, and the focus goes back. */
export function Popover({ label, icon, text, look = 'subtle', class: classes, kind = 'menu', onOpen, children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    root.current?.querySelector('button')?.focus();
  };

  useLayoutEffect(() => {
    if (open && box.current && root.current) place(box.current, root.current.getBoundingClientRect());
  });
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>('[role=menuitem]:not(:disabled), input, select, button, a')?.focus();
    const away = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    // What scrolls elsewhere, such as a list that follows its end, does not move the button.
    const moved = (event: Event) => {
      if (!(event.target instanceof Node) || event.target.contains(root.current)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    window.addEventListener('resize', moved);
    document.addEventListener('scroll', moved, true);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
      window.removeEventListener('resize', moved);
      document.removeEventListener('scroll', moved, true);
    };
  }, [open]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && open) {
      event.stopPropagation();
      close();
    } else if (open && kind === 'menu' && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      const items = [...box.current!.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)')];
      const at = items.indexOf(document.activeElement as HTMLElement);
      items[(at + (event.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length]?.focus();
    }
  };
  return (
    <span ref={root} onKeyDown={onKey} onClick={e => e.stopPropagation()}>
      <Button icon={icon} look={look} class={classes} label={label} aria-haspopup={kind} aria-expanded={open}
        onClick={() => {
          if (!open) onOpen?.();
          setOpen(!open);
        }}>
        {text}
      </Button>
      {open && <div ref={box} class="popover" role={kind} aria-label={label}>{children(close)}</div>}
    </span>
  );
}

function place(box: HTMLElement, anchor: DOMRect) {
  const { width, height } = box.getBoundingClientRect();
  const below = anchor.bottom + 4 + height <= window.innerHeight - 8 || anchor.top < height + 12;
  const left = Math.min(Math.max(8, anchor.right - width > anchor.left ? anchor.left : anchor.right - width), window.innerWidth - width - 8);
  box.style.left = `${Math.max(8, left)}px`;
  box.style.top = `${below ? Math.min(anchor.bottom + 4, Math.max(8, window.innerHeight - height - 8)) : anchor.top - height - 4}px`;
}

interface ItemProps { icon?: IconName; children: ComponentChildren; onClick?: () => void; href?: string; disabled?: boolean; title?: string }

export function MenuItem({ icon, children, onClick, href, disabled, title }: ItemProps) {
  const content = <>{icon && <Icon name={icon} />}<span class="ellipsis">{children}</span></>;
  if (href) {
    const other = /^[a-z]+:\/\//i.test(href);
    return <a class="menu-item" role="menuitem" href={href} onClick={onClick} target={other ? '_blank' : undefined} rel={other ? 'noreferrer' : undefined} title={title}>{content}</a>;
  }
  return <button type="button" class="menu-item" role="menuitem" onClick={onClick} disabled={disabled} title={title}>{content}</button>;
}

export const MenuSeparator = () => <div class="menu-separator" role="separator" />;
export const MenuTitle = ({ children }: { children: ComponentChildren }) => <div class="menu-title">{children}</div>;
