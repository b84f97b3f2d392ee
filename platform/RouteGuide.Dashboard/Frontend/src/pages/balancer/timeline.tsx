import { useMemo } from 'preact/hooks';
import type { BalancerGroup, BalancerMark } from '../../api';
import { formatTime } from '../../lib/format';
import { Chart, type Line } from '../../ui/chart';
import { histories, noHistory } from './history';
import { nameOf, rate } from './model';

const span = 5 * 60_000;

/** Calls per second of each target, with what happened to them as marks; the same as a list below. */
export function Timeline({ group, marks }: { group: BalancerGroup; marks: BalancerMark[] }) {
  const history = histories.value.get(group.name) ?? noHistory;
  const own = marks.filter(m => m.group === group.name);
  const end = history.times.at(-1) ?? Date.now();
  const lines = useMemo<Line[]>(() => [...history.rates].map(([name, values]) => {
    const target = group.targets.find(t => t.name === name);
    return { label: target ? nameOf(target) : name, values, color: target ? `--res-${target.color}` : '--dim' };
  }), [history]);
  return (
    <>
      <div class="timeline"><Chart label={`Calls per second to ${group.name}`} times={history.times} lines={lines} range={[end - span, end]} least={10} format={v => (v === null || v === undefined ? '–' : `${rate(v)}/s`)}
        marks={own.map(m => ({ id: m.id, time: Date.parse(m.time), kind: m.kind, title: `${formatTime(m.time)} ${m.text}` }))} /></div>
      {own.length > 0 && (
        <details class="events-list">
          <summary>{own.length} events: health flips, ejections, changes by hand</summary>
          <ul data-testid="marks">{own.slice(-100).reverse().map(m => <li key={m.id} data-kind={m.kind}><span class={`event-dot ${m.kind}`} /><time class="dim">{formatTime(m.time)}</time><span>{m.text}</span></li>)}</ul>
        </details>
      )}
    </>
  );
}
