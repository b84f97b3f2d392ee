import './trace.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Span, Trace } from '../../api';
import { formatDateTime, formatDuration, plural } from '../../lib/format';
import { ApiError, get, messageOf } from '../../lib/http';
import { href, location, setQuery } from '../../lib/router';
import { useStream } from '../../lib/stream';
import { Button, Empty, Marked, ResourceName, Search } from '../../ui/controls';
import { Split } from '../../ui/details';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { SpanDetails } from './spandetails';
import { parents, visibleSpans } from './tree';

const kinds: Record<Span['kind'], IconName> = { Server: 'server', Client: 'send', Producer: 'send', Consumer: 'box', Internal: 'codeProject', Unspecified: 'codeProject' };

export function TracePage({ parts: [id] }: { parts: string[] }) {
  const { query: q } = location.value;
  const [trace, setTrace] = useState<Trace | null>(null);
  const [problem, setProblem] = useState<{ gone: boolean; text: string } | null>(null);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [version, setVersion] = useState(0);
  useStream('trace', id, { trace: id }, event => setVersion(v => (event.id === id ? Math.max(v + 1, event.version) : v)));
  useEffect(() => {
    const abort = new AbortController();
    get<Trace>(`/api/traces/${encodeURIComponent(id)}`, abort.signal).then(t => {
      setTrace(t);
      setProblem(null);
    }, error => {
      if (!abort.signal.aborted) setProblem({ gone: error instanceof ApiError && error.status === 404, text: messageOf(error) });
    });
    return () => abort.abort();
  }, [id, version]);

  const text = q.get('text') ?? '';
  const branches = useMemo(() => (trace ? parents(trace) : new Set<string>()), [trace]);
  if (!trace) return problem ? <Empty icon="timeline" title={problem.gone ? 'There is no such trace' : 'The trace could not be read'}><p>{problem.gone ? `Trace ${id} has not arrived yet, or it had to make room for newer ones. If its spans come, it is shown here.` : problem.text}</p><a href="/traces">All traces</a></Empty> : <Empty icon="timeline" title="Loading…" />;

  const selected = trace.spans.find(s => s.id === q.get('span'));
  const shown = visibleSpans(trace, closed, text);
  const toggle = (span: string) => setClosed(old => {
    const next = new Set(old);
    if (!next.delete(span)) next.add(span);
    return next;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(share => formatDuration(trace.durationNs * share));
  return (
    <div class="page trace" data-testid="trace">
      <div class="toolbar">
        <h1 class="ellipsis">{trace.spans[0] ? `${trace.spans[0].resource}: ${trace.spans[0].name}` : 'Trace'} <span class="mono dim">{trace.id.slice(0, 7)}</span></h1>
        <span class="spacer" />
        <Search value={text} onChange={t => setQuery({ text: t })} label="Filter spans" />
        <Button look="outline" onClick={() => setClosed(closed.size > 0 ? new Set() : branches)}>{closed.size > 0 ? 'Expand all' : 'Collapse all'}</Button>
        <a class="button outline" href={href('/structuredlogs', { traceId: trace.id })}><Icon name="document" class="small" />View logs</a>
      </div>
      <dl class="facts">
        <div><dt>Start</dt><dd>{formatDateTime(trace.start)}</dd></div>
        <div><dt>Duration</dt><dd>{formatDuration(trace.durationNs)}</dd></div>
        <div><dt>Resources</dt><dd>{trace.resources.length}</dd></div>
        <div><dt>Depth</dt><dd>{trace.depth}</dd></div>
        <div><dt>Total spans</dt><dd>{trace.spanCount}</dd></div>
        <div class="legend"><dt class="visually-hidden">Colours</dt>{trace.resources.map(r => <dd key={r.name}><ResourceName name={r.name} color={r.color} /></dd>)}</div>
      </dl>
      {trace.truncated && <div class="bar-message"><Icon name="warning" />This trace has more spans than are kept; the last ones are missing.</div>}
      <Split details={selected && <SpanDetails key={selected.id} span={selected} trace={trace} onClose={() => setQuery({ span: null })} />}>
        <div class="waterfall" role="table" aria-label="Spans" aria-rowcount={shown.length + 1}>
          <div class="span-row head" role="row">
            <span role="columnheader">Name</span><span role="columnheader" class="who">Resource</span>
            <span role="columnheader" class="ticks">{ticks.map((t, i) => <span key={i}>{t}</span>)}</span>
          </div>
          <div class="span-rows" role="rowgroup">
            {shown.map(s => (
              <SpanRow key={s.id} span={s} trace={trace} search={text} isSelected={s === selected} fold={branches.has(s.id) ? (closed.has(s.id) ? 'closed' : 'open') : null} onToggle={() => toggle(s.id)} />
            ))}
          </div>
        </div>
      </Split>
      <div class="footer" data-testid="footer"><span>Showing <b>{plural(shown.length, 'span')}</b></span></div>
    </div>
  );
}

interface RowProps { span: Span; trace: Trace; search: string; isSelected: boolean; fold: 'open' | 'closed' | null; onToggle: () => void }

function SpanRow({ span: s, trace, search, isSelected, fold, onToggle }: RowProps) {
  const total = Math.max(1, trace.durationNs);
  const left = (s.startOffsetNs / total) * 100;
  const width = (s.durationNs / total) * 100;
  const select = () => setQuery({ span: isSelected ? null : s.id });
  // The label goes where there is room: behind the bar, before it where the bar ends far right, or into a bar that fills the row.
  const side = left + width <= 80 ? '' : left > 20 ? 'before' : 'inside';
  return (
    <div class={`span-row c${s.color}`} role="row" aria-selected={isSelected} data-testid={`span-${s.id}`} data-resource={s.resource} data-kind={s.kind} onClick={select}>
      <span role="cell" class="label" ref={e => void e?.style.setProperty('--depth', String(Math.min(s.depth, 24)))}>
        {fold ? <Button icon={fold === 'open' ? 'chevronDown' : 'chevronRight'} label={`${fold === 'open' ? 'Hide' : 'Show'} what is below ${s.name}`} aria-expanded={fold === 'open'} onClick={e => {
          e.stopPropagation();
          onToggle();
        }} /> : <span class="no-fold" />}
        <span class="stripe" />
        <Icon name={s.status === 'Error' ? 'errorCircle' : kinds[s.kind]} class={`small ${s.status === 'Error' ? 'error' : 'tinted'}`} label={s.status === 'Error' ? 'Failed' : s.kind} />
        <button type="button" class="link-button ellipsis" title={s.name} onClick={e => {
          e.stopPropagation();
          select();
        }}><Marked text={s.name} search={search} /></button>
        {s.peer && <span class="dim ellipsis peer">→ {s.peer}</span>}
      </span>
      <span role="cell" class="who ellipsis">{s.resource}</span>
      <span role="cell" class="track">
        <span class="bar" ref={e => {
          if (!e) return;
          e.style.left = `${left}%`;
          e.style.width = `${width}%`;
        }} />
        {s.events.map((v, i) => <span key={i} class="event" title={`${v.name} at ${formatDuration(v.offsetNs)}`} ref={e => void (e && (e.style.left = `${Math.min(100, Math.max(0, (v.offsetNs / total) * 100))}%`))} />)}
        <span class={`time ${side}`} ref={e => {
          if (!e) return;
          e.style.left = side ? '' : `${left + width}%`;
          e.style.right = side === 'before' ? `${100 - left}%` : side === 'inside' ? `${Math.max(0, 100 - left - width)}%` : '';
        }}>{formatDuration(s.durationNs)}</span>
      </span>
    </div>
  );
}
