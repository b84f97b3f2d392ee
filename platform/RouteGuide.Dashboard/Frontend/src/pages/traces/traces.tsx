import './traces.css';
import { useEffect, useState } from 'preact/hooks';
import type { TracePage as Page, TraceRow } from '../../api';
import { activeFilters, readFilters } from '../../lib/filters';
import { formatDuration, formatTime, plural } from '../../lib/format';
import { get, messageOf, query, remove, session } from '../../lib/http';
import { attempt, notify } from '../../lib/notices';
import { location, navigate, setQuery } from '../../lib/router';
import { useStream } from '../../lib/stream';
import { Button, Empty, Marked, Search } from '../../ui/controls';
import { FilterBar } from '../../ui/filterbar';
import { Icon } from '../../ui/icon';
import { ResourceSelect } from '../../ui/resourceselect';
import { VirtualList } from '../../ui/virtuallist';

const kept = 5_000;
const types = { http: 'HTTP', rpc: 'RPC', database: 'Database', messaging: 'Messaging', other: 'Other' };

interface State { items: readonly TraceRow[]; total: number; slowest: number; loaded: boolean; hasMore: boolean }
const nothing: State = { items: [], total: 0, slowest: 0, loaded: false, hasMore: false };

/** Those first that began last; a trace that grew takes the place that it had. */
function merge(old: readonly TraceRow[], changed: readonly TraceRow[]) {
  const all = new Map(old.map(t => [t.id, t]));
  for (const t of changed) all.set(t.id, t);
  return [...all.values()].sort((a, b) => (a.start < b.start ? 1 : a.start > b.start ? -1 : b.seq - a.seq)).slice(0, kept);
}

export function TracesPage() {
  const { query: q } = location.value;
  const [resource, text, type, errors] = [q.get('resource') ?? '', q.get('text') ?? '', q.get('type') ?? '', q.get('errors') === 'true' ? 'true' : ''];
  const asked = { resource, text, type, errors, filter: activeFilters(readFilters(q)) };
  const key = JSON.stringify(asked);
  const [state, setState] = useState(nothing);
  const [paused, setPaused] = useState(false);
  useEffect(() => setState(nothing), [key]);
  useStream('traces', paused ? null : key, asked, event => {
    setState(old => ({
      items: event.snapshot || event.cleared ? merge([], event.upserts) : merge(old.items, event.upserts),
      total: event.total, slowest: event.maxDurationNs, loaded: true, hasMore: event.snapshot ? event.total > event.upserts.length : old.hasMore,
    }));
  });
  const older = async () => {
    try {
      const page = await get<Page>(`/api/traces${query({ ...asked, limit: 200, before: state.items.reduce((least, t) => Math.min(least, t.seq), Infinity) })}`);
      setState(old => ({ ...old, items: merge(old.items, page.items), hasMore: page.hasMore }));
    } catch (error) {
      notify('error', 'Older traces could not be read', messageOf(error));
    }
  };
  const filtered = Boolean(resource || text || type || errors || asked.filter.length);
  return (
    <div class="page">
      <div class="toolbar">
        <h1 class="visually-hidden">Traces</h1>
        <ResourceSelect value={resource} />
        <select class="select" aria-label="Type" value={type} onChange={e => setQuery({ type: e.currentTarget.value }, false)}>
          <option value="">(All types)</option>
          {Object.entries(types).map(([name, label]) => <option key={name} value={name}>{label}</option>)}
        </select>
        <Button look="outline" icon="errorCircle" aria-pressed={errors !== ''} onClick={() => setQuery({ errors: errors ? null : 'true' }, false)}>Errors</Button>
        <span class="spacer" />
        <Search value={text} onChange={t => setQuery({ text: t })} label="Filter traces by name or id" />
        <FilterBar kind="traces" resource={resource} />
        <Button icon={paused ? 'play' : 'pause'} look="outline" label={paused ? 'Resume' : 'Pause'} aria-pressed={paused} onClick={() => setPaused(!paused)} />
        <Button icon="delete" look="outline" label={resource ? `Remove the traces of ${resource}` : 'Remove all traces'} onClick={() => void attempt('Traces removed', () => remove(`/api/traces${query({ resource })}`))} />
      </div>
      {state.items.length === 0 ? <Nothing loaded={state.loaded} filtered={filtered} /> : (
        <VirtualList items={state.items} rowHeight={45} columns="trace-columns" keyOf={t => t.id} label="Traces" onSelect={t => navigate(`/traces/${t.id}`)}
          head={<><span role="columnheader">Timestamp</span><span role="columnheader">Name</span><span role="columnheader">Spans</span><span role="columnheader">Duration</span></>}
          row={t => (
            <>
              <span role="cell" class="dim">{formatTime(t.start)}</span>
              <span role="cell" class="trace-name">
                <a href={`/traces/${t.id}`} title={`${t.resource}: ${t.name}`}><Marked text={`${t.resource}: ${t.name}`} search={text} /></a>
                <span class="mono dim">{t.id.slice(0, 7)}</span>
                {t.hasError && <Icon name="errorCircle" class="small error" label="With errors" />}
              </span>
              <span role="cell" class="chips">
                {t.resources.map(r => <span key={r.name} class={`chip c${r.color} ${r.errors > 0 ? 'error' : ''}`} title={r.errors > 0 ? `${plural(r.errors, 'error')}` : undefined}>{r.name} ({r.spans})</span>)}
              </span>
              <span role="cell" class="row"><Radial share={state.slowest > 0 ? t.durationNs / state.slowest : 0} /><span class="number">{formatDuration(t.durationNs)}</span></span>
            </>
          )} />
      )}
      <div class="footer" data-testid="footer">
        <span>Showing <b>{plural(state.items.length, 'trace')}</b>{state.total > state.items.length && ` of ${plural(state.total, 'match', 'matches')}`}</span>
        {paused && <span class="badge warning">Paused</span>}
        {state.hasMore && <Button look="outline" onClick={older}>Load older ones</Button>}
      </div>
    </div>
  );
}

/** How long it took, beside the longest. */
function Radial({ share }: { share: number }) {
  const around = 2 * Math.PI * 6;
  return (
    <svg class="radial" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6" class="track" />
      <circle cx="8" cy="8" r="6" class="part" stroke-dasharray={`${Math.min(1, Math.max(0.02, share)) * around} ${around}`} transform="rotate(-90 8 8)" />
    </svg>
  );
}

function Nothing({ loaded, filtered }: { loaded: boolean; filtered: boolean }) {
  const { otlpUrls } = session.value!;
  if (!loaded) return <Empty icon="timeline" title="Loading…" />;
  return (
    <Empty icon="timeline" title={filtered ? 'No trace matches' : 'No traces yet'}>
      <p>{filtered ? 'Change the filters to see others.' : `Make a call, on the route map for example, and it shows up here${otlpUrls.grpc ? `. Programs send OTLP to ${otlpUrls.grpc}` : ''}.`}</p>
    </Empty>
  );
}
