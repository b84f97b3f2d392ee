import { useEffect, useState } from 'preact/hooks';
import type { Attribute, LogEntry } from '../../api';
import { formatDateTime } from '../../lib/format';
import { get, messageOf } from '../../lib/http';
import { href } from '../../lib/router';
import { CopyButton, Empty, ResourceName } from '../../ui/controls';
import { Details, PropertyCard, type Property } from '../../ui/details';
import { Icon } from '../../ui/icon';
import { Level } from './logs';

type Full = LogEntry & { resourceAttributes: Attribute[]; scopeAttributes: Attribute[] };

export const attributes = (list: Attribute[]): Property[] => list.map(a => ({ name: a.key, value: a.value }));

/** One entry whole; what the list knows is shown until the rest has come. */
export function LogDetails({ id, known, onClose }: { id: number; known: LogEntry | undefined; onClose: () => void }) {
  const [full, setFull] = useState<Full | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    get<Full>(`/api/logs/${id}`, abort.signal).then(setFull, error => {
      if (!abort.signal.aborted) setProblem(messageOf(error));
    });
    return () => abort.abort();
  }, [id]);
  const log = full ?? known;
  if (!log) return <Details label="Log entry" title="Log entry" onClose={onClose}>{() => (problem ? <Empty icon="document" title="The entry is gone"><p>{problem}</p></Empty> : null)}</Details>;
  return (
    <Details label="Log entry" title="Log entry" onClose={onClose}>
      {search => (
        <>
          <PropertyCard title="Log entry" search={search} properties={[
            { name: 'Level', value: log.level, node: <Level level={log.level} /> },
            { name: 'Message', value: log.message },
            { name: 'Time', value: formatDateTime(log.time) },
            ...(log.template && log.template !== log.message ? [{ name: 'Template', value: log.template }] : []),
            ...attributes(log.attributes),
          ]} />
          {log.exception && (
            <details class="card" open>
              <summary><Icon name="chevronRight" class="small" />Exception<CopyButton text={log.exception} label="exception" /></summary>
              <pre class="trace-text">{log.exception}</pre>
            </details>
          )}
          <PropertyCard title="Context" search={search} properties={[
            { name: 'Category', value: log.category },
            ...(log.eventName ? [{ name: 'Event', value: log.eventName }] : []),
            ...(log.traceId ? [{ name: 'Trace', value: log.traceId, node: <a class="mono" href={href(`/traces/${log.traceId}`, { span: log.spanId })}>{log.traceId}</a> }] : []),
            ...(log.spanId ? [{ name: 'Span', value: log.spanId }] : []),
            ...attributes(full?.scopeAttributes ?? []),
          ]} />
          <PropertyCard title="Resource" search={search} properties={[
            { name: 'Resource', value: log.resource, node: <ResourceName name={log.resource} color={log.color} /> },
            ...attributes(full?.resourceAttributes ?? []),
          ]} />
        </>
      )}
    </Details>
  );
}
