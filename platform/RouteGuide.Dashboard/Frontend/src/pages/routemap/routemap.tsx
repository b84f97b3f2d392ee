import './routemap.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answered, Feature, GeoPoint, ListLine } from '../../api';
import { boundsOf, e7 } from '../../lib/geo';
import { get, lines, messageOf, post } from '../../lib/http';
import { notify } from '../../lib/notices';
import { location, setQuery } from '../../lib/router';
import { Button, Empty } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { ChatPanel, notedPlaces, useChat } from './chat';
import { GetPanel, ListPanel, RecordPanel } from './panels';
import { Plot } from './plot';
import { features, found, listed, place, recorded, type Recorded, type Tool } from './state';

const tools: { tool: Tool; title: string; call: string; icon: IconName }[] = [
  { tool: 'get', title: 'Find', call: 'GetFeature', icon: 'cursor' },
  { tool: 'list', title: 'List', call: 'ListFeatures', icon: 'rectangle' },
  { tool: 'record', title: 'Record', call: 'RecordRoute', icon: 'branch' },
  { tool: 'chat', title: 'Chat', call: 'RouteChat', icon: 'chat' },
];

async function getFeature(point: GeoPoint) {
  try {
    const { feature, ...answered } = await post<Answered & { feature: Feature }>('/api/route/feature', point);
    found.value = { feature, answered };
  } catch (error) {
    notify('error', 'GetFeature failed', messageOf(error));
  }
}

async function record(points: GeoPoint[]) {
  const mine: Recorded = { points, summary: null, answered: null };
  recorded.value = mine;
  try {
    const { summary, ...answered } = await post<Answered & { summary: NonNullable<Recorded['summary']> }>('/api/route/record', { points });
    if (recorded.peek() === mine) recorded.value = { points, summary, answered };
  } catch (error) {
    if (recorded.peek() === mine) recorded.value = null;
    notify('error', 'RecordRoute failed', messageOf(error));
  }
}

async function list(lo: GeoPoint, hi: GeoPoint, signal: AbortSignal) {
  listed.value = { lo, hi, features: [], answered: null, running: true };
  const update = (change: Partial<NonNullable<typeof listed.value>>) => {
    if (!signal.aborted && listed.peek()) listed.value = { ...listed.peek()!, ...change };
  };
  try {
    await lines<ListLine>('/api/route/list', { lo, hi }, line => {
      if (line.type === 'feature') update({ features: [...(listed.peek()?.features ?? []), line.feature] });
      else if (line.type === 'done') update({ answered: line });
      else notify('error', 'ListFeatures failed', `${line.status}: ${line.message}`);
    }, signal);
  } catch (error) {
    if (!signal.aborted) notify('error', 'ListFeatures failed', messageOf(error));
  }
  update({ running: false });
}

export function RouteMapPage() {
  const tool = tools.find(t => t.tool === location.value.query.get('tool'))?.tool ?? 'get';
  const [problem, setProblem] = useState<string | null>(null);
  const listing = useRef<AbortController | null>(null);
  useChat();
  const load = () => {
    setProblem(null);
    get<Answered & { features: Feature[] }>('/api/route/features').then(({ features: all, ...answered }) => {
      features.value = { list: all, answered };
    }, error => setProblem(messageOf(error)));
  };
  useEffect(() => {
    load();
    return () => listing.current?.abort();
  }, []);
  const startList = (lo: GeoPoint, hi: GeoPoint) => {
    listing.current?.abort();
    const abort = (listing.current = new AbortController());
    void list(lo, hi, abort.signal);
  };
  const listAll = () => {
    const b = boundsOf(features.value.list.map(f => f.location));
    startList({ latitude: Math.round(b.south * e7), longitude: Math.round(b.west * e7) }, { latitude: Math.round(b.north * e7), longitude: Math.round(b.east * e7) });
  };
  return (
    <div class="page routemap">
      <div class="toolbar">
        <h1 class="visually-hidden">Route map</h1>
        <div class="tabs" role="group" aria-label="Calls">
          {tools.map(t => <button type="button" key={t.tool} aria-pressed={tool === t.tool} data-testid={`tool-${t.tool}`} onClick={() => setQuery({ tool: t.tool })}><Icon name={t.icon} class="small" />{t.title}<span class="dim call">{t.call}</span></button>)}
        </div>
        <span class="spacer" />
        <span class="dim hint">Each action is a gRPC call through the balancer.</span>
      </div>
      {features.value.list.length === 0 && problem ? (
        <Empty icon="map" title="The service cannot be asked"><p>{problem}</p><Button look="primary" onClick={load}>Try again</Button></Empty>
      ) : (
        <div class="routemap-body">
          <Plot tool={tool} notes={notedPlaces()} onPick={p => {
            if (tool === 'chat') place.value = p;
            else void getFeature(p);
          }} onRectangle={startList} onPath={p => void record(p)} />
          <section class="routemap-panel" aria-label={tools.find(t => t.tool === tool)!.call}>
            <h2>{tools.find(t => t.tool === tool)!.call}</h2>
            {tool === 'get' ? <GetPanel onPick={p => void getFeature(p)} /> : tool === 'list' ? <ListPanel onAll={listAll} /> : tool === 'record' ? <RecordPanel onPath={p => void record(p)} /> : <ChatPanel />}
          </section>
        </div>
      )}
    </div>
  );
}
