import './balancer.css';
import { useEffect, useState } from 'preact/hooks';
import type { BalancerEvent, BalancerGroup } from '../../api';
import { formatCount, plural } from '../../lib/format';
import { get, messageOf, put } from '../../lib/http';
import { attempt, notify } from '../../lib/notices';
import { location, setQuery } from '../../lib/router';
import { useStream } from '../../lib/stream';
import { Empty } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { Burst } from './burst';
import { recordAll } from './history';
import { Lanes } from './lanes';
import { milliseconds, nameOf, rate, title } from './model';
import { Targets } from './targets';
import { Timeline } from './timeline';

export function BalancerPage() {
  const [event, setEvent] = useState<BalancerEvent | null>(null);
  const [algorithms, setAlgorithms] = useState<string[]>([]);
  useStream('balancer', '', {}, next => {
    recordAll(next);
    // While it restarts the last picture stays, under a message.
    setEvent(old => ({ ...next, status: next.status ?? old?.status ?? null }));
  });
  const available = event?.available ?? false;
  useEffect(() => {
    if (available) get<string[]>('/api/balancer/algorithms').then(setAlgorithms, error => notify('error', 'The algorithms could not be read', messageOf(error)));
  }, [available]);
  if (!event) return <Empty icon="scales" title="Looking for the balancer…" />;
  const { status } = event;
  if (!status) return <Empty icon="scales" title="There is no balancer to show"><p>{event.message ?? 'The page shows it as soon as the app host runs one.'}</p></Empty>;

  const asked = location.value.query.get('group');
  const group = status.groups.find(g => g.name === asked) ?? status.groups.find(g => g.targets.length > 0) ?? status.groups[0];
  return (
    <div class="page scroll balancer" data-testid="balancer">
      {!event.available && <div class="bar-message error"><Icon name="plug" />{event.message ?? 'The balancer does not answer.'}</div>}
      <dl class="tiles">
        <Tile label="Calls/s" value={rate(status.groups.reduce((sum, g) => sum + g.callsPerSecond, 0))} />
        <Tile label="Targets available" value={`${status.groups.reduce((n, g) => n + g.available, 0)} of ${status.groups.reduce((n, g) => n + g.registered, 0)}`} />
        <Tile label="Calls completed" value={formatCount(status.calls.completed ?? 0)} />
        <Tile label="Not completed" value={formatCount(Object.entries(status.calls).reduce((n, [k, v]) => (k === 'completed' ? n : n + v), 0))} title={Object.entries(status.calls).filter(([k, v]) => k !== 'completed' && v > 0).map(([k, v]) => `${k}: ${v}`).join(', ')} />
        <Tile label="Connections" value={`${formatCount(status.connections.active)} open`} title={`${formatCount(status.connections.total)} in all, ${formatCount(status.connections.rejected)} rejected`} />
      </dl>
      {status.groups.length > 1 && (
        <nav class="tabs group-tabs" aria-label="Target groups">
          {status.groups.map(g => <button type="button" key={g.name} aria-pressed={g === group} onClick={() => setQuery({ group: g.name })}>{g.name}<span class="dim">{g.available}/{g.registered}</span></button>)}
        </nav>
      )}
      {group && <Group event={event} group={group} algorithms={algorithms} sample={status.time} />}
      <Burst hasTcp={event.tcpUrl !== null} known={group ? group.targets.map(t => ({ name: nameOf(t), color: t.color })) : []} />
      <section class="card">
        <div class="card-head"><h2>Listeners and rules</h2></div>
        <div class="scroll-x">
          <table class="table rules">
            <thead><tr><th>Listener</th><th>Kind</th><th>Rules, first match wins</th></tr></thead>
            <tbody>
              {status.listeners.map(l => (
                <tr key={l.url}>
                  <td class="mono">{l.url}</td><td>{l.kind}</td>
                  <td>
                    {status.rules.filter(r => r.listener === l.url || status.listeners.length === 1).map(r => <div key={`${r.priority} ${r.conditions}`}><span class="badge">{r.priority}</span> {r.conditions || 'any call'} → <strong>{r.actions}</strong></div>)}
                  </td>
                </tr>
              ))}
              {status.rules.filter(r => status.listeners.length > 1 && !status.listeners.some(l => l.url === r.listener)).map(r => <tr key={`${r.listener} ${r.priority}`}><td>{r.listener}</td><td /><td><span class="badge">{r.priority}</span> {r.conditions || 'any call'} → <strong>{r.actions}</strong></td></tr>)}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

const Tile = ({ label, value, title: hint }: { label: string; value: string; title?: string }) => <div class="tile" title={hint || undefined}><dt>{label}</dt><dd>{value}</dd></div>;

function Group({ event, group: g, algorithms, sample }: { event: BalancerEvent; group: BalancerGroup; algorithms: string[]; sample: string }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const known = algorithms.includes(g.algorithm) ? algorithms : [g.algorithm, ...algorithms];
  const canChange = event.available && event.controllable;
  const change = async (algorithm: string) => {
    setChosen(algorithm);
    await attempt(`${title(g.name)} uses ${title(algorithm).toLowerCase()}`, () => put(`/api/balancer/groups/${encodeURIComponent(g.name)}/algorithm`, { algorithm }));
    setChosen(null);
  };
  return (
    <>
      <section class="card">
        <div class="card-head wrap">
          <h2>Where calls go</h2>
          <span class="badge">{g.name}</span><span class="badge">{g.protocolVersion}</span>
          {g.failOpen && <span class="badge warning" title="No target is healthy, so all are tried">fail open</span>}
          <span class="grow" />
          <label class="row" for="algorithm">Algorithm
            <select id="algorithm" class="select" data-testid="algorithm" value={chosen ?? g.algorithm} disabled={!canChange || chosen !== null} title={canChange ? undefined : event.controlMessage ?? undefined} onChange={e => void change(e.currentTarget.value)}>
              {known.map(a => <option key={a} value={a}>{title(a)}</option>)}
            </select>
          </label>
        </div>
        {g.targets.length === 0 ? <Empty icon="server" title="No targets"><p>Replicas appear here when they register.</p></Empty> : <Lanes group={g} sample={sample} />}
        <p class="last-pick dim">
          {plural(g.retries, 'retry', 'retries')} · p50 {milliseconds(g.p50Ms)} · p99 {milliseconds(g.p99Ms)}
          {g.lastPick && <> · last pick: <b>{g.targets.find(t => t.name === g.lastPick!.target)?.resource ?? g.lastPick.target}</b>, {g.lastPick.why}</>}
        </p>
      </section>
      {g.targets.length > 0 && (
        <section class="card">
          <div class="card-head"><h2>Targets</h2>{!canChange && <span class="dim">{event.controlMessage}</span>}</div>
          <Targets group={g} canChange={canChange} whyNot={event.controlMessage} />
        </section>
      )}
      <section class="card">
        <div class="card-head"><h2>The last five minutes</h2></div>
        <Timeline group={g} marks={event.marks} />
      </section>
    </>
  );
}
