import './chart.css';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { colorOf, faint } from '../lib/colors';
import { formatTick, formatTime, timeFormat, utc } from '../lib/format';
import { shown } from '../lib/theme';

export interface Line { label: string; values: readonly (number | null)[]; /** A custom property of the styles. */ color: string; fill?: boolean }
/** Something at a point of the chart that leads elsewhere. */
export interface Dot { time: number; value: number; href: string; title: string }
/** A moment worth seeing. */
export interface Mark { id: number; time: number; kind: string; title: string }

interface Props {
  label: string;
  /** Unix milliseconds, ascending. */
  times: readonly number[];
  lines: readonly Line[];
  format: (value: number | null | undefined) => string;
  /** What is shown at least: the window, whether there is data in all of it or not. */
  range?: [number, number];
  /** The highest value that fits at least, so that a quiet time has an axis too. */
  least?: number;
  dots?: readonly Dot[];
  marks?: readonly Mark[];
}

/** A chart over time with a legend that reads the values under the pointer. */
export function Chart({ label, times, lines, format, range, least = 0, dots = [], marks = [] }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [, redraw] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  const data = [times, ...lines.map(l => l.values)] as unknown as uPlot.AlignedData;
  const latest = useRef({ data, format, range, least });
  latest.current = { data, format, range, least };
  const shape = JSON.stringify([shown.value, timeFormat.value, utc.value, lines.map(l => [l.label, l.color, l.fill])]);

  useEffect(() => {
    const element = host.current!;
    const size = () => ({ width: Math.max(160, element.clientWidth), height: Math.max(140, element.clientHeight) });
    const [dim, grid] = [colorOf('--dim'), colorOf('--line')];
    const axis = { stroke: dim, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: '12px Geist, sans-serif' };
    const chart = new uPlot({
      ...size(),
      ms: 1,
      legend: { show: false },
      padding: [12, 24, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { range: (_, min, max) => latest.current.range ?? [min, max] },
        y: { range: (_, min, max) => [Math.min(0, min ?? 0), Math.max(max || 1, latest.current.least) * 1.12] },
      },
      axes: [
        { ...axis, space: 90, values: (_, ticks) => ticks.map(t => formatTick(t, ticks.some(other => other % 60_000 !== 0))) },
        { ...axis, size: 74, values: (_, ticks) => ticks.map(t => latest.current.format(t)) },
      ],
      series: [{}, ...lines.map(l => {
        const color = colorOf(l.color);
        return { label: l.label, stroke: color, width: 2, fill: l.fill ? faint(color) : undefined, points: { show: false }, spanGaps: false };
      })],
      hooks: { draw: [() => redraw(n => n + 1)], setCursor: [u => setAt(u.cursor.idx ?? null)] },
    }, latest.current.data, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data), [times, lines, range?.[0], range?.[1]]);

  const index = at ?? times.length - 1;
  return (
    <figure class="chart" aria-label={label}>
      <div class="chart-plot" ref={host}>
        {plot.current && <Overlay plot={plot.current} dots={dots} marks={marks} />}
      </div>
      <figcaption class="chart-legend">
        <span class="dim">{at === null ? 'Latest' : formatTime(times[at], false)}</span>
        {lines.map(l => <span key={l.label} class="legend-item"><span class="swatch" ref={e => void e?.style.setProperty('--c', `var(${l.color})`)} />{l.label}<b>{format(at === null ? lastOf(l.values) : l.values[index])}</b></span>)}
      </figcaption>
    </figure>
  );
}

const lastOf = (values: readonly (number | null)[]) => values.findLast(v => v !== null && v !== undefined);

function Overlay({ plot, dots, marks }: { plot: uPlot; dots: readonly Dot[]; marks: readonly Mark[] }) {
  const { offsetLeft: left, offsetTop: top, clientWidth: width, clientHeight: height } = plot.over;
  const place = (e: HTMLElement | null, x: number, y: number) => {
    if (!e) return;
    e.style.left = `${left + x}px`;
    e.style.top = `${top + y}px`;
  };
  return (
    <>
      {marks.map(m => {
        const x = plot.valToPos(m.time, 'x');
        if (!(x >= 0 && x <= width)) return null;
        return <span key={`m${m.id}`} class={`chart-mark ${m.kind}`} role="img" aria-label={m.title} title={m.title} data-testid={`mark-${m.kind}`} ref={e => {
          place(e, x, 0);
          if (e) e.style.height = `${height}px`;
        }} />;
      })}
      {dots.map(d => {
        const [x, y] = [plot.valToPos(d.time, 'x'), plot.valToPos(d.value, 'y')];
        if (!(x >= 0 && x <= width && y <= height)) return null;
        return <a key={`d${d.time} ${d.href}`} class="exemplar" href={d.href} title={d.title} aria-label={d.title} data-testid="exemplar" ref={e => place(e, x, Math.max(0, y))} />;
      })}
    </>
  );
}
