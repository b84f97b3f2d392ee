import { useSignal } from '@preact/signals';
import { formatTime } from '../lib/format';
import { notices, unread, type Notice } from '../lib/notices';
import { Button } from '../ui/controls';
import { Popover } from '../ui/popover';
import { NoticeIcon, ResponseDialog } from './toasts';

/** The notification centre: outcomes of commands, newest first. */
export function Bell() {
  const result = useSignal<Notice | null>(null);
  const count = unread.value;
  return (
    <>
      <Popover kind="dialog" icon="alert" label={count > 0 ? `Notifications, ${count} new` : 'Notifications'} onOpen={() => (unread.value = 0)}
        text={count > 0 ? <span class="count">{count > 99 ? '99+' : count}</span> : undefined}>
        {() => (
          <div class="notices" data-testid="notices">
            <div class="row"><h2 class="grow">Notifications</h2>
              {notices.value.length > 0 && <Button onClick={() => (notices.value = [])}>Clear all</Button>}
            </div>
            {notices.value.length === 0 && <p class="dim">Nothing yet. What commands answer is kept here.</p>}
            {notices.value.map(n => (
              <div class="notice" key={n.id}>
                <NoticeIcon kind={n.kind} />
                <strong>{n.title}</strong>
                <time>{formatTime(n.time, false)}</time>
                {n.detail && <p>{n.detail}</p>}
                {n.result && <p><Button look="outline" onClick={() => (result.value = n)}>View response</Button></p>}
              </div>
            ))}
          </div>
        )}
      </Popover>
      {result.value && <ResponseDialog notice={result.value} onClose={() => (result.value = null)} />}
    </>
  );
}
