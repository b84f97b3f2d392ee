import type { Resource } from '../../api';
import { formatDateTime, formatTime } from '../../lib/format';
import { href } from '../../lib/router';
import { resources } from '../../lib/stores';
import { Button, ResourceName } from '../../ui/controls';
import { Details, PropertyCard, type Property } from '../../ui/details';
import { useState } from 'preact/hooks';
import { ResourceActions } from './actions';
import { propertyName, textOf, words } from './model';
import { State } from './table';

export function ResourceDetails({ resource: r, onClose }: { resource: Resource; onClose: () => void }) {
  const [everything, setEverything] = useState(false);
  const back = [...new Map([...resources.value.values()].flatMap(o => o.relationships.filter(x => x.resource === r.displayName).map(x => [`${o.displayName} ${x.type}`, { other: o.displayName, type: x.type }] as const))).values()];
  const links = (list: { other: string; type: string }[]): Property[] => list.map(l => {
    const target = [...resources.value.values()].find(o => o.displayName === l.other);
    return { name: l.other, value: words(l.type), node: target && <a href={href('/', { resource: target.name })}>{words(l.type)}</a> };
  });
  const environment = r.environment.filter(e => everything || e.fromSpec);
  return (
    <Details label={`Details of ${r.name}`} title={<ResourceName name={r.name} color={r.color} />} onClose={onClose} tools={<ResourceActions resource={r} inGroup={false} onDetails={() => undefined} />}>
      {search => (
        <>
          <PropertyCard title="Resource" search={search} properties={[
            { name: 'State', value: r.state ?? 'Unknown', node: <State resource={r} /> },
            { name: 'Type', value: r.type },
            { name: 'Start time', value: formatDateTime(r.startedAt) },
            ...(r.stoppedAt ? [{ name: 'Stop time', value: formatDateTime(r.stoppedAt) }] : []),
            ...r.properties.filter(p => p.value !== null).sort((a, b) => (a.sortOrder ?? 1000) - (b.sortOrder ?? 1000)).map(p => ({ name: propertyName(p), value: textOf(p.value), masked: p.sensitive })),
          ]} />
          <PropertyCard title="URLs" search={search} properties={r.urls.map(u => ({ name: u.endpoint ?? (u.displayName || 'url'), value: u.url, href: !u.inactive && /^https?:/.test(u.url) ? u.url : undefined }))} />
          <PropertyCard title="Health checks" search={search} properties={r.healthReports.map(h => ({
            name: h.key, value: [h.status ?? 'Not checked yet', h.description, h.exception].filter(Boolean).join('\n'),
            node: <><span class={`badge ${h.status === 'Healthy' ? 'success' : h.status === null ? 'info' : 'error'}`}>{h.status ?? 'Not checked yet'}</span>{h.lastRunAt && <span class="dim"> at {formatTime(h.lastRunAt)}</span>}{'\n'}{[h.description, h.exception].filter(Boolean).join('\n')}</>,
          }))} />
          <PropertyCard title="References" search={search} properties={links(r.relationships.map(x => ({ other: x.resource, type: x.type })))} />
          <PropertyCard title="Back references" search={search} properties={links(back)} />
          <PropertyCard title="Environment variables" search={search} properties={environment.map(e => ({ name: e.name, value: e.value ?? '', masked: true }))}
            tools={<Button look="outline" aria-pressed={everything} onClick={() => setEverything(!everything)}>Show inherited ones too</Button>} />
          <PropertyCard title="Volumes" search={search} properties={r.volumes.map(v => ({ name: v.target, value: `${v.source} (${v.mountType}${v.readOnly ? ', read only' : ''})` }))} />
        </>
      )}
    </Details>
  );
}
