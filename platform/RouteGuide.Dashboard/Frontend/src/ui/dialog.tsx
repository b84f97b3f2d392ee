import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './controls';

interface Props {
  title: string;
  onClose: () => void;
  /** What the main button does; without it there is only "Close". */
  onSubmit?: () => void;
  submit?: string;
  wide?: boolean;
  children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus inside and closes it with Escape. */
export function Dialog({ title, onClose, onSubmit, submit = 'OK', wide, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    box.current!.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={box} class={`dialog ${wide ? 'wide' : ''}`} aria-labelledby={id} onClose={onClose} onClick={e => e.stopPropagation()}>
      <form onSubmit={e => {
        e.preventDefault();
        onSubmit?.();
      }}>
        <header><h2 id={id}>{title}</h2><Button icon="dismiss" label="Close" onClick={onClose} /></header>
        <div class="dialog-body">{children}</div>
        <footer>
          {onSubmit && <Button type="submit" look="primary">{submit}</Button>}
          <Button look="outline" onClick={onClose}>{onSubmit ? 'Cancel' : 'Close'}</Button>
        </footer>
      </form>
    </dialog>
  );
}
