import './logs.css';
import { useEffect, useState } from 'preact/hooks';
import type { LogEntry, LogPage } from '../../api';
import { activeFilters, readFilters } from '../../lib/filters';
import { formatTime, plural } from '../../lib/format';
import { get, messageOf, post, query, remove, session } from '../../lib/http';
import { attempt, notify } from '../../lib/notices';
import { href, location, setQuery } from '../../lib/router';
import { useStream } from '../../lib/stream';
import { Button, Empty, Marked, ResourceName, Search } from '../../ui/controls';
import { Split } from '../../ui/details';
import { FilterBar } from '../../ui/filterbar';
import { Icon } from '../../ui/icon';
import { ResourceSelect } from '../../ui/resourceselect';
import { VirtualList } from '../../ui/virtuallist';
import { LogDetails } from './logdetails';

const kept = 10_000;
const levels = ['Trace', 'Debug', 'Information', 'Warning', 'Error', 'Critical'];

interface State { items: readonly LogEntry[]; total: number; loaded: boolean; hasMore: boolean }
const nothing: State = { items: [], total: 0, loaded: false, hasMore: false };

// They come as senders send them, several at a time; they are read in the order of their times.
const byTime = (a: LogEntry, b: LogEntry) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id - b.id);
const ids = (items: readonly LogEntry[]) => items.map(i => i.id);

export function LogsPage() {
  const { query: q } = location.value;
  const [resource, text, level] = [q.get('resource') ?? '', q.get('text') ?? '', q.get('level') ?? ''];
  const asked = { resource, text, level, traceId: q.get('traceId') ?? '', spanId: q.get('spanId') ?? '', filter: activeFilters(readFilters(q)) };
  const key = JSON.stringify(asked);
  const [state, setState] = useState(nothing);
  const [paused, setPaused] = useState(false);

  useEffect(() => setState(nothing), [key]);
  useStream('logs', paused ? null : key, asked, event => {
    setState(old => {
      const base = event.snapshot || event.cleared ? [] : old.items;
      const last = ids(base).reduce((most, id) => Math.max(most, id), -1);
      const items = [...base, ...event.items.filter(i => i.id > last)].sort(byTime);
      return { items: items.length > kept ? items.slice(-kept) : items, total: event.total, loaded: true, hasMore: event.snapshot ? event.total > event.items.length : old.hasMore };
    });
  });
  useEffect(() => {
    if (level === 'Error' || level === 'Critical') post('/api/telemetry/seen', resource ? { resource } : {}).catch(error => notify('error', 'The errors were not marked as seen', messageOf(error)));
  }, [resource, level]);

  const older = async () => {
    try {
      const page = await get<LogPage>(`/api/logs${query({ ...asked, limit: 500, before: ids(state.items).reduce((least, id) => Math.min(least, id), Infinity) })}`);
      setState(old => ({ ...old, items: [...page.items, ...old.items].sort(byTime).slice(0, kept), hasMore: page.hasMore }));
    } catch (error) {
      notify('error', 'Older logs could not be read', messageOf(error));
    }
  };
  const selectedId = Number(q.get('log') ?? 'NaN');
  const selected = state.items.find(i => i.id === selectedId);
  const select = (entry: LogEntry | null) => setQuery({ log: entry ? String(entry.id) : null });
  return (
    <div class="page">
      <div class="toolbar">
        <h1 class="visually-hidden">Structured logs</h1>
        <ResourceSelect value={resource} />
        <select class="select" aria-label="Level" value={level} onChange={e => setQuery({ level: e.currentTarget.value }, false)}>
          <option value="">(All levels)</option>
          {levels.map(l => <option key={l} value={l}>{l === 'Critical' ? l : `${l} and above`}</option>)}
        </select>
        {(asked.traceId || asked.spanId) && <span class="badge info">{asked.spanId ? `Span ${asked.spanId.slice(0, 7)}` : `Trace ${asked.traceId.slice(0, 7)}`}<Button icon="dismiss" label="Show logs of all traces" onClick={() => setQuery({ traceId: null, spanId: null })} /></span>}
        <span class="spacer" />
        <Search value={text} onChange={t => setQuery({ text: t })} label="Filter messages" />
        <FilterBar kind="logs" resource={resource} />
        <Button icon={paused ? 'play' : 'pause'} look="outline" label={paused ? 'Resume' : 'Pause'} aria-pressed={paused} onClick={() => setPaused(!paused)} />
        <Button icon="delete" look="outline" label={resource ? `Remove the logs of ${resource}` : 'Remove all logs'} onClick={() => void attempt('Logs removed', () => remove(`/api/logs${query({ resource })}`))} />
      </div>
      <Split details={Number.isFinite(selectedId) && <LogDetails key={selectedId} id={selectedId} known={selected} onClose={() => select(null)} />}>
        {state.items.length === 0 ? <Nothing loaded={state.loaded} filtered={key !== JSON.stringify({ resource: '', text: '', level: '', traceId: '', spanId: '', filter: [] })} /> : (
          <VirtualList items={state.items} rowHeight={33} columns="log-columns" keyOf={i => i.id} label="Structured logs" follow={!paused} onSelect={i => select(i.id === selectedId ? null : i)}
            rowProps={i => ({ selected: i.id === selectedId, class: i.level === 'Warning' ? 'warning' : i.level === 'Error' || i.level === 'Critical' ? 'error' : '' })}
            head={<><span role="columnheader">Resource</span><span role="columnheader">Level</span><span role="columnheader">Timestamp</span><span role="columnheader">Message</span><span role="columnheader">Trace</span></>}
            row={i => (
              <>
                <span role="cell"><ResourceName name={i.resource} color={i.color} /></span>
                <span role="cell"><Level level={i.level} /></span>
                <span role="cell" class="dim">{formatTime(i.time)}</span>
                <span role="cell" class="message" title={i.message}>{i.exception && <Icon name="errorCircle" class="small error" label="With an exception" />}<span class="ellipsis"><Marked text={i.message} search={text} /></span></span>
                <span role="cell">{i.traceId && <a class="mono" href={href(`/traces/${i.traceId}`, { span: i.spanId })} onClick={e => e.stopPropagation()}>{i.traceId.slice(0, 7)}</a>}</span>
              </>
            )} />
        )}
      </Split>
      <div class="footer" data-testid="footer">
        <span>Showing <b>{plural(state.items.length, 'structured log')}</b>{state.total > state.items.length && ` of ${plural(state.total, 'match', 'matches')}`}</span>
        {paused && <span class="badge warning">Paused</span>}
        {state.hasMore && <Button look="outline" onClick={older}>Load older ones</Button>}
      </div>
    </div>
  );
}

export function Level({ level }: { level: LogEntry['level'] }) {
  const look = { Critical: 'error', Error: 'error', Warning: 'warning', Information: 'info' }[level as string] ?? '';
  return <span class={`badge ${look}`}>{level === 'Information' ? 'Info' : level}</span>;
}

function Nothing({ loaded, filtered }: { loaded: boolean; filtered: boolean }) {
  const { otlpUrls } = session.value!;
  if (!loaded) return <Empty icon="document" title="Loading…" />;
  return (
    <Empty icon="document" title={filtered ? 'No log matches' : 'No structured logs yet'}>
      <p>{filtered ? 'Change the filters to see others.' : `Programs that export OpenTelemetry logs show up here${otlpUrls.grpc ? `. Send OTLP to ${otlpUrls.grpc}` : ''}${otlpUrls.http ? ` (gRPC) or ${otlpUrls.http} (HTTP)` : ''}.`}</p>
    </Empty>
  );
}
