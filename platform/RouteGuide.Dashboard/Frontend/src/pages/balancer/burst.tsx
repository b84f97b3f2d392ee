import { useEffect, useRef, useState } from 'preact/hooks';
import type { BurstLine } from '../../api';
import { formatCount, formatDuration, percent } from '../../lib/format';
import { lines, messageOf } from '../../lib/http';
import { colors } from '../../lib/stores';
import { Button } from '../../ui/controls';

type Mode = 'request' | 'tcp';
interface Result { running: boolean; calls: number; failed: number; elapsedMs: number | null; connections: number; replicas: ReadonlyMap<string, { calls: number; color: number | undefined }>; problem: string | null }
const idle: Result = { running: false, calls: 0, failed: 0, elapsedMs: null, connections: 1, replicas: new Map(), problem: null };

/** Adds what came to what is known. */
function add(old: Result, line: BurstLine): Result {
  if (line.type === 'error') return { ...old, problem: line.message };
  if (line.type === 'done') return { ...old, running: false, failed: line.failed, elapsedMs: line.elapsedMs, connections: line.connections, replicas: new Map(line.replicas.map(r => [r.replica, { calls: r.calls, color: r.color }])) };
  const replicas = new Map(old.replicas);
  let { calls, failed } = old;
  for (const c of line.calls) {
    calls++;
    if (c.status !== 'OK') failed++;
    if (c.replica) replicas.set(c.replica, { calls: (replicas.get(c.replica)?.calls ?? 0) + 1, color: colors.peek().get(c.replica) });
  }
  return { ...old, calls, failed, replicas };
}

/** The same burst of calls over one connection, once per mode: in request mode each call is balanced, in TCP mode the connection is. */
export function Burst({ hasTcp, known }: { hasTcp: boolean; known: { name: string; color: number }[] }) {
  const [text, setText] = useState('300');
  const [results, setResults] = useState<Record<Mode, Result>>({ request: idle, tcp: idle });
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const calls = Number(text);
  const valid = Number.isInteger(calls) && calls >= 1 && calls <= 5000;
  const running = results.request.running || results.tcp.running;
  const update = (mode: Mode, change: (old: Result) => Result) => setResults(old => ({ ...old, [mode]: change(old[mode]) }));

  const one = async (mode: Mode, signal: AbortSignal) => {
    update(mode, () => ({ ...idle, running: true }));
    try {
      await lines<BurstLine>('/api/balancer/burst', { calls, mode }, line => update(mode, old => add(old, line)), signal);
    } catch (error) {
      if (!signal.aborted) update(mode, old => ({ ...old, problem: messageOf(error) }));
    } finally {
      update(mode, old => ({ ...old, running: false }));
    }
  };
  const start = async () => {
    const mine = (abort.current = new AbortController());
    await Promise.all([one('request', mine.signal), ...(hasTcp ? [one('tcp', mine.signal)] : [])]);
  };
  return (
    <section class="card" data-testid="burst">
      <form class="card-head wrap" onSubmit={e => {
        e.preventDefault();
        if (running) abort.current?.abort();
        else if (valid) void start();
      }}>
        <h2 class="grow">One connection, many calls</h2>
        <label class="row" for="burst-calls">Calls<input id="burst-calls" class="input number" type="number" min={1} max={5000} value={text} onInput={e => setText(e.currentTarget.value)} /></label>
        <Button type="submit" look="primary" icon={running ? 'stop' : 'rocket'} disabled={!running && !valid}>{running ? 'Stop' : 'Send a burst'}</Button>
      </form>
      <div class="bursts">
        <Bars mode="request" title="Request mode" hint="The balancer reads HTTP/2 and picks a target for each call." result={results.request} known={known} />
        {hasTcp ? <Bars mode="tcp" title="TCP mode" hint="The balancer passes the connection on: its target gets all of the calls." result={results.tcp} known={known} />
          : <div class="burst dim">This balancer has no TCP front to compare with.</div>}
      </div>
    </section>
  );
}

function Bars({ mode, title, hint, result: r, known }: { mode: Mode; title: string; hint: string; result: Result; known: { name: string; color: number }[] }) {
  const all = new Map(known.map(k => [k.name, { calls: 0, color: k.color as number | undefined }]));
  for (const [name, v] of r.replicas) all.set(name, { calls: v.calls, color: v.color ?? all.get(name)?.color });
  const total = [...all.values()].reduce((sum, v) => sum + v.calls, 0);
  const most = Math.max(1, ...[...all.values()].map(v => v.calls));
  return (
    <div class="burst" data-testid={`burst-${mode}`} data-running={r.running} data-done={r.elapsedMs !== null} aria-busy={r.running}>
      <h3>{title}</h3>
      <p class="dim">{hint}</p>
      <ul class="bars">
        {[...all].sort(([a], [b]) => a.localeCompare(b)).map(([name, v]) => (
          <li key={name} class={`c${v.color ?? '-'}`} data-replica={name} data-calls={v.calls}>
            <span class="ellipsis">{name}</span>
            <span class="bar-track"><span class="bar-fill" ref={e => void (e && (e.style.width = `${(v.calls / most) * 100}%`))} /></span>
            <span class="number">{formatCount(v.calls)}<span class="dim"> {total > 0 ? percent(v.calls / total) : ''}</span></span>
          </li>
        ))}
      </ul>
      <p role="status" class={r.problem ? 'problem' : 'dim'}>
        {r.problem ?? (r.elapsedMs !== null ? `${formatCount(total + r.failed)} calls, ${formatCount(r.failed)} failed, in ${formatDuration(r.elapsedMs * 1e6)} over ${r.connections === 1 ? 'one connection' : `${r.connections} connections`}` : r.running ? `${formatCount(r.calls)} calls so far…` : 'Not sent yet.')}
      </p>
    </div>
  );
}
