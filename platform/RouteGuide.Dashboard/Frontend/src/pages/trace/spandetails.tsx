import type { Span, SpanLink, Trace } from '../../api';
import { formatDateTime, formatDuration } from '../../lib/format';
import { href } from '../../lib/router';
import { ResourceName } from '../../ui/controls';
import { Details, PropertyCard, type Property } from '../../ui/details';
import { Icon } from '../../ui/icon';
import { attributes } from '../logs/logdetails';

const links = (list: SpanLink[]): Property[] => list.map((l, i) => ({
  name: `${i + 1}. ${l.resource ?? 'Span'}`,
  value: l.spanId,
  node: <><a href={href(`/traces/${l.traceId}`, { span: l.spanId })}>{l.name ?? l.spanId}</a>{l.attributes.map(a => `\n${a.key}: ${a.value}`)}</>,
}));

export function SpanDetails({ span: s, trace, onClose }: { span: Span; trace: Trace; onClose: () => void }) {
  return (
    <Details label={`Details of span ${s.name}`} title={<ResourceName name={s.name} color={s.color} />} onClose={onClose}
      tools={<a class="button outline" href={href('/structuredlogs', { traceId: trace.id, spanId: s.id })}><Icon name="document" class="small" />Logs ({s.logs})</a>}>
      {search => (
        <>
          <PropertyCard title="Span" search={search} properties={[
            { name: 'Name', value: s.name },
            { name: 'Kind', value: s.kind },
            { name: 'Status', value: s.statusMessage ? `${s.status}: ${s.statusMessage}` : s.status, node: <><span class={`badge ${s.status === 'Error' ? 'error' : s.status === 'Ok' ? 'success' : ''}`}>{s.status}</span> {s.statusMessage}</> },
            { name: 'Duration', value: formatDuration(s.durationNs) },
            { name: 'Start', value: `${formatDuration(s.startOffsetNs)} after the trace began (${formatDateTime(s.start)})` },
            ...(s.peer ? [{ name: 'Calls', value: s.peer }] : []),
            ...attributes(s.attributes),
          ]} />
          <PropertyCard title="Context" search={search} properties={[
            { name: 'Span id', value: s.id }, { name: 'Trace id', value: trace.id }, ...(s.parentId ? [{ name: 'Parent id', value: s.parentId }] : []),
            { name: 'Source', value: s.scope }, ...(s.scopeVersion ? [{ name: 'Version', value: s.scopeVersion }] : []),
          ]} />
          <PropertyCard title="Resource" search={search} properties={[{ name: 'Resource', value: s.resource, node: <ResourceName name={s.resource} color={s.color} /> }, ...attributes(s.resourceAttributes)]} />
          <PropertyCard title="Events" search={search} properties={s.events.map((v, i) => ({ name: `${i + 1}. ${formatDuration(v.offsetNs)}`, value: [v.name, ...v.attributes.map(a => `${a.key}: ${a.value}`)].join('\n') }))} />
          <PropertyCard title="Links" search={search} properties={links(s.links)} />
          <PropertyCard title="Backlinks" search={search} properties={links(s.backlinks)} />
        </>
      )}
    </Details>
  );
}
