import './metrics.css';
import { useEffect, useState } from 'preact/hooks';
import type { MetricTree } from '../../api';
import { get, messageOf, query, remove, session } from '../../lib/http';
import { attempt } from '../../lib/notices';
import { location, navigate, setQuery } from '../../lib/router';
import { telemetry } from '../../lib/stores';
import { useStream } from '../../lib/stream';
import { Button, Empty } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { applications, ResourceSelect } from '../../ui/resourceselect';
import { Instrument } from './instrument';

const windows: [string, string][] = [['1', '1 minute'], ['5', '5 minutes'], ['15', '15 minutes'], ['30', '30 minutes'], ['60', '1 hour'], ['180', '3 hours'], ['360', '6 hours'], ['720', '12 hours']];

export function MetricsPage({ parts }: { parts: string[] }) {
  const { query: q } = location.value;
  const asked = q.get('resource') ?? parts[0] ?? '';
  const senders = telemetry.value.resources.filter(t => t.hasMetrics);
  // Without a choice the first application that sends metrics is shown.
  const resource = asked || (applications.value.find(a => senders.some(s => s.name === a.name))?.name ?? '');
  const [tree, setTree] = useState<MetricTree | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [version, setVersion] = useState({ data: 0, tree: 0 });
  const [paused, setPaused] = useState(false);
  useStream('metrics', resource && !paused ? resource : null, { resource }, event => setVersion({ data: event.version, tree: event.treeVersion }));
  useEffect(() => setTree(null), [resource]);
  useEffect(() => {
    if (!resource) return undefined;
    const abort = new AbortController();
    get<MetricTree>(`/api/metrics${query({ resource })}`, abort.signal).then(t => {
      setTree(t);
      setProblem(null);
    }, error => {
      if (!abort.signal.aborted) setProblem(messageOf(error));
    });
    return () => abort.abort();
  }, [resource, version.tree]);

  const [meter, instrument] = [q.get('meter') ?? '', q.get('instrument') ?? ''];
  const minutes = windows.some(([m]) => m === q.get('minutes')) ? q.get('minutes')! : '5';
  const view = q.get('view') === 'table' ? 'table' : 'graph';
  const choose = (m: string, i: string) => {
    const next = new URLSearchParams(q);
    next.delete('dim');
    next.set('meter', m);
    next.set('instrument', i);
    navigate(`/metrics?${next}`);
  };
  const meters = tree?.meters ?? [];
  return (
    <div class="page">
      <div class="toolbar">
        <h1 class="visually-hidden">Metrics</h1>
        <ResourceSelect value={resource} all={resource ? null : '(Choose a resource)'} onChange={r => navigate(`/metrics?${new URLSearchParams({ resource: r, meter, instrument, minutes, view })}`)} />
        <select class="select" aria-label="Duration" value={minutes} onChange={e => setQuery({ minutes: e.currentTarget.value })}>
          {windows.map(([m, label]) => <option key={m} value={m}>Last {label}</option>)}
        </select>
        <span class="spacer" />
        {instrument && (
          <div class="tabs" role="group" aria-label="View">
            <button type="button" aria-pressed={view === 'graph'} onClick={() => setQuery({ view: null })}><Icon name="lineChart" class="small" />Graph</button>
            <button type="button" aria-pressed={view === 'table'} onClick={() => setQuery({ view: 'table' })}><Icon name="table" class="small" />Table</button>
          </div>
        )}
        <Button icon={paused ? 'play' : 'pause'} look="outline" label={paused ? 'Resume' : 'Pause'} aria-pressed={paused} onClick={() => setPaused(!paused)} />
        <Button icon="delete" look="outline" label={resource ? `Remove the metrics of ${resource}` : 'Remove all metrics'} onClick={() => void attempt('Metrics removed', () => remove(`/api/metrics${query({ resource })}`))} />
      </div>
      {problem ? <Empty icon="trending" title="The metrics could not be read"><p>{problem}</p></Empty>
        : !resource || (tree && meters.length === 0) ? <Nothing resource={resource} />
          : (
            <div class="metrics">
              <nav class="meters" aria-label="Instruments">
                {meters.map(m => (
                  <details key={m.name} class="meter" open>
                    <summary><Icon name="chevronRight" class="small" /><span class="ellipsis" title={m.name}>{m.name}</span></summary>
                    {m.instruments.map(i => (
                      <button key={i.name} type="button" class="instrument ellipsis" aria-current={meter === m.name && instrument === i.name ? 'true' : undefined} title={i.description || i.name} onClick={() => choose(m.name, i.name)}>
                        {i.name}
                      </button>
                    ))}
                  </details>
                ))}
              </nav>
              <select class="select meters-narrow" aria-label="Instrument" value={`${meter}\n${instrument}`} onChange={e => choose(...(e.currentTarget.value.split('\n') as [string, string]))}>
                <option value={'\n'}>(Choose an instrument)</option>
                {meters.map(m => <optgroup key={m.name} label={m.name}>{m.instruments.map(i => <option key={i.name} value={`${m.name}\n${i.name}`}>{i.name}</option>)}</optgroup>)}
              </select>
              {instrument ? <Instrument key={`${resource} ${meter} ${instrument}`} resource={resource} meter={meter} instrument={instrument} minutes={Number(minutes)} view={view} version={version.data} paused={paused} />
                : <Empty icon="histogram" title="Choose an instrument"><p>What {resource} measures is listed by meter.</p></Empty>}
            </div>
          )}
    </div>
  );
}

function Nothing({ resource }: { resource: string }) {
  const { otlpUrls } = session.value!;
  return (
    <Empty icon="trending" title={resource ? `No metrics of ${resource} yet` : 'No metrics yet'}>
      <p>Programs that export OpenTelemetry metrics show up here{otlpUrls.grpc ? `. Send OTLP to ${otlpUrls.grpc} (gRPC)` : ''}{otlpUrls.http ? ` or ${otlpUrls.http} (HTTP)` : ''}.</p>
    </Empty>
  );
}
