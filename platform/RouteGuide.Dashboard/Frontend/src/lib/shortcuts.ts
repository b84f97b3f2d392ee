import { useEffect, useRef } from 'preact/hooks';

/** Whether keys are text now, and not commands. */
const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Runs `actions[key]` when the key is pressed outside of fields and dialogs; `Shift+S` names a key with Shift. */
export function useShortcuts(actions: Record<string, () => void>) {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const letter = event.key.length === 1 && event.key.toLowerCase() !== event.key.toUpperCase();
      const action = latest.current[event.shiftKey && letter ? `Shift+${event.key.toUpperCase()}` : event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
