import './console.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleLine } from '../../api';
import { append, type Chunk } from '../../lib/chunks';
import { formatTime, plural, utc } from '../../lib/format';
import { session } from '../../lib/http';
import { location, navigate, setQuery } from '../../lib/router';
import { resources } from '../../lib/stores';
import { stored } from '../../lib/stored';
import { useStream } from '../../lib/stream';
import { stripAnsi } from '../../lib/ansi';
import { Button, Empty, Search } from '../../ui/controls';
import { memo } from '../../ui/memo';
import { Popover } from '../../ui/popover';
import { ResourceSelect } from '../../ui/resourceselect';
import { CommandDialogs } from '../resources/commands';
import { ResourceActions } from '../resources/actions';
import { Line } from './line';

export type Row = { kind: 'line'; line: ConsoleLine } | { kind: 'note'; text: string };

const wrap = stored<boolean>('console.wrap', true, v => typeof v === 'boolean');
const times = stored<boolean>('console.times', false, v => typeof v === 'boolean');

const timeOf = (l: ConsoleLine) => (l.time ? Date.parse(l.time) : 0);

export function ConsolePage({ parts }: { parts: string[] }) {
  const { query } = location.value;
  const asked = query.get('resource') ?? parts[0] ?? '';
  const text = query.get('text') ?? '';
  // A name stands for all its replicas: then the lines of all are asked for, and those of others are left out here.
  const members = [...resources.value.values()].filter(r => r.name === asked || r.displayName === asked);
  const one = members.length === 1 ? members[0] : undefined;
  const source = asked === '' || members.length > 1 ? '*' : (one?.name ?? asked);
  const [chunks, setChunks] = useState<readonly Chunk<Row>[]>([]);
  const [note, setNote] = useState<string | null>(null);
  const [paused, setPaused] = useState<{ since: number; missed: number } | null>(null);
  const limit = session.value!.limits.maxConsoleLines;
  const isWanted = (l: ConsoleLine) => source !== '*' || asked === '' || resources.peek().get(l.resource)?.displayName === asked;

  useEffect(() => {
    setChunks([]);
    setPaused(null);
  }, [asked]);
  useStream('console', source + asked, { console: source }, event => {
    setNote(event.note);
    const lines = event.lines.filter(isWanted);
    // Those of several come each as they are read: what is sent together is told in its order.
    if (source === '*') lines.sort((a, b) => timeOf(a) - timeOf(b));
    if (paused && !event.reset) {
      setPaused({ ...paused, missed: paused.missed + lines.length });
      return;
    }
    const rows: Row[] = lines.map(line => ({ kind: 'line', line }));
    if (event.dropped > 0) rows.unshift({ kind: 'note', text: `${plural(event.dropped, 'line')} came faster than they could be sent and are left out here` });
    setChunks(old => append(event.reset ? [] : old, rows, limit));
  });

  const resume = () => {
    const { since, missed } = paused!;
    setPaused(null);
    setChunks(old => append(old, [{ kind: 'note', text: `Log capture paused between ${formatTime(since, false)} and ${formatTime(Date.now(), false)}, ${plural(missed, 'line')} left out` }], limit));
  };
  const count = chunks.reduce((sum, c) => sum + c.items.length, 0);
  const choose = (resource: string) => navigate(resource ? `/console?resource=${encodeURIComponent(resource)}` : '/console');
  return (
    <div class="page">
      <div class="toolbar">
        <h1 class="visually-hidden">Console</h1>
        <ResourceSelect value={asked} onChange={choose} all="(All resources)" />
        {one && <ResourceActions resource={one} inGroup={false} onDetails={() => navigate(`/?resource=${encodeURIComponent(one.name)}`)} />}
        <span class="dim status" role="status">{paused ? `Paused, ${plural(paused.missed, 'line')} waiting` : note ?? 'Watching logs…'}</span>
        <span class="spacer" />
        <Search value={text} onChange={t => setQuery({ text: t })} label="Filter lines" />
        <Button icon={paused ? 'play' : 'pause'} look="outline" label={paused ? 'Resume' : 'Pause'} aria-pressed={paused !== null} onClick={() => (paused ? resume() : setPaused({ since: Date.now(), missed: 0 }))} />
        <Button icon="delete" look="outline" label="Clear the lines on this page" onClick={() => setChunks([])} />
        <Popover kind="dialog" icon="options" look="outline" label="Options of the console">
          {() => (
            <div class="pad">
              <label class="check"><input type="checkbox" checked={wrap.value} onChange={e => (wrap.value = e.currentTarget.checked)} />Wrap lines</label>
              <label class="check"><input type="checkbox" checked={times.value} onChange={e => (times.value = e.currentTarget.checked)} />Show timestamps</label>
              <label class="check"><input type="checkbox" checked={utc.value} onChange={e => (utc.value = e.currentTarget.checked)} />Times in UTC</label>
              <a class="button outline" href={`/api/console/${source === '*' ? '*' : encodeURIComponent(source)}/download`} download>Download</a>
            </div>
          )}
        </Popover>
      </div>
      {count === 0 ? (
        <div class="console-pane"><Empty icon="console" title={note ?? 'No lines yet'}><p>What {asked || 'the resources'} write to their console appears here at once.</p></Empty></div>
      ) : <Pane chunks={chunks} text={text} prefix={source === '*'} following={!paused} />}
      <div class="footer"><span>Showing <b>{plural(count, 'line')}</b></span></div>
      <CommandDialogs />
    </div>
  );
}

function Pane({ chunks, text, prefix, following }: { chunks: readonly Chunk<Row>[]; text: string; prefix: boolean; following: boolean }) {
  const pane = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current && following) pane.current!.scrollTop = pane.current!.scrollHeight;
  }, [chunks, following, text]);
  return (
    <div ref={pane} class={`console-pane ${wrap.value ? 'wrapped' : ''}`} role="log" aria-label="Console output" aria-live="off" tabindex={0} data-testid="console"
      onScroll={e => {
        const p = e.currentTarget;
        atEnd.current = p.scrollTop + p.clientHeight >= p.scrollHeight - 40;
      }}>
      {chunks.map(c => <Part key={c.id} rows={c.items} text={text} prefix={prefix} times={times.value} />)}
    </div>
  );
}

// Drawn anew only when its rows or how they are shown change: 10,000 lines stay cheap.
const Part = memo(({ rows, text, prefix, times: showTimes }: { rows: readonly Row[]; text: string; prefix: boolean; times: boolean }) => (
  <div class="console-part">
    {rows.map((r, i) => {
      if (r.kind === 'note') return <div key={i} class="console-note">{r.text}</div>;
      if (text && !stripAnsi(r.line.text).toLowerCase().includes(text.toLowerCase())) return null;
      return <Line key={i} line={r.line} prefix={prefix} time={showTimes} />;
    })}
  </div>
));
