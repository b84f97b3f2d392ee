import { useSignal } from '@preact/signals';
import { session } from '../lib/http';
import { host, telemetry } from '../lib/stores';
import { connection, reconnect } from '../lib/stream';
import { Button } from '../ui/controls';
import { Icon } from '../ui/icon';

/** What is wrong with what feeds the pages, above them. */
export function Banners() {
  const dismissed = useSignal<readonly string[]>([]);
  const limits = telemetry.value.limits.filter(l => !dismissed.value.includes(l.kind));
  const { connection: toHost, message } = host.value;
  return (
    <div role="status">
      {connection.value === 'lost' && (
        <div class="bar-message error" data-testid="connection-lost">
          <Icon name="plug" />
          <span class="grow">The connection to the dashboard is lost; what you see may be old. It is tried again by itself.</span>
          <Button look="outline" onClick={reconnect}>Reconnect now</Button>
        </div>
      )}
      {connection.value !== 'lost' && session.value?.hasResourceService && toHost === 'lost' && (
        <div class="bar-message" data-testid="host-lost">
          <Icon name="warning" />
          <span class="grow">The app host does not answer{message ? `: ${message}` : ''}. Resources and console show the last known state.</span>
        </div>
      )}
      {limits.map(l => (
        <div class="bar-message" key={l.kind} data-testid={`limit-${l.kind}`}>
          <Icon name="warning" />
          <span class="grow">{l.message}</span>
          <Button icon="dismiss" label="Dismiss" onClick={() => (dismissed.value = [...dismissed.value, l.kind])} />
        </div>
      ))}
    </div>
  );
}
