import { useSignal } from '@preact/signals';
import { dismiss, notices, toasts, type Notice } from '../lib/notices';
import { Button } from '../ui/controls';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import type { IconName } from '../ui/icons';

const look: Record<Notice['kind'], { icon: IconName; classes: string }> = {
  success: { icon: 'checkmark', classes: 'success' },
  error: { icon: 'errorCircle', classes: 'error' },
  info: { icon: 'info', classes: 'info' },
  progress: { icon: 'arrowSync', classes: 'accent spin' },
};

export const NoticeIcon = ({ kind }: { kind: Notice['kind'] }) => <Icon name={look[kind].icon} class={look[kind].classes} />;

/** What just happened, at the corner of the screen; read out by screen readers. */
export function Toasts() {
  const result = useSignal<Notice | null>(null);
  return (
    <>
      <div class="toasts" role="region" aria-label="Notifications" aria-live="polite">
        {toasts.value.map(id => notices.value.find(n => n.id === id)).filter(n => n !== undefined).map(n => (
          <div key={n.id} class="toast" data-testid="toast" data-kind={n.kind}>
            <NoticeIcon kind={n.kind} />
            <strong>{n.title}</strong>
            <Button icon="dismiss" label="Dismiss" onClick={() => dismiss(n.id)} />
            {n.detail && <p>{n.detail}</p>}
            {n.result && <p><Button look="outline" onClick={() => (result.value = n)}>View response</Button></p>}
          </div>
        ))}
      </div>
      {result.value && <ResponseDialog notice={result.value} onClose={() => (result.value = null)} />}
    </>
  );
}

/** What a command returned, whole. */
export function ResponseDialog({ notice, onClose }: { notice: Notice; onClose: () => void }) {
  const { value, format } = notice.result!;
  return (
    <Dialog title={notice.title} onClose={onClose} wide>
      <pre class="trace-text">{format === 'Json' ? pretty(value) : value}</pre>
    </Dialog>
  );
}

function pretty(json: string) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
