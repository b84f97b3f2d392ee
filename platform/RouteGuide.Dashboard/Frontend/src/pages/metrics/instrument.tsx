import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MetricSeries } from '../../api';
import { formatTime, formatValue, plural, significant } from '../../lib/format';
import { get, messageOf, query } from '../../lib/http';
import { href, location, navigate, setQuery } from '../../lib/router';
import { Chart, type Dot, type Line } from '../../ui/chart';
import { Empty } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { Dimensions } from './dimensionrows';
import { readDimensions, writeDimensions, type DimensionFilter } from './dimensions';

interface Props { resource: string; meter: string; instrument: string; minutes: number; view: 'graph' | 'table'; version: number; paused: boolean }

/** Asks for the series at each change of its data or of what is asked; one question at a time, the last state wins. */
function useSeries(path: string, version: number, paused: boolean) {
  const [series, setSeries] = useState<MetricSeries | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const running = useRef<{ path: string; again: boolean } | null>(null);
  useEffect(() => {
    if (paused && series) return;
    if (running.current?.path === path) {
      running.current.again = true;
      return;
    }
    const mine = { path, again: true };
    running.current = mine;
    void (async () => {
      while (mine.again && running.current === mine) {
        mine.again = false;
        try {
          const next = await get<MetricSeries>(path);
          if (running.current !== mine) return;
          setSeries(next);
          setProblem(null);
        } catch (error) {
          if (running.current === mine) setProblem(messageOf(error));
        }
      }
      if (running.current === mine) running.current = null;
    })();
  }, [path, version, paused]);
  // What comes for a page that was left is of no use.
  useEffect(() => () => void (running.current = null), []);
  return { series, problem };
}

const colors = { p50: '--p50', p90: '--p90', p99: '--p99' } as Record<string, string>;

export function Instrument({ resource, meter, instrument, minutes, view, version, paused }: Props) {
  const q = location.value.query;
  const filters = readDimensions(q);
  const perSeries = q.get('split') === '1';
  const showCount = q.get('count') === '1';
  const { series, problem } = useSeries(`/api/metrics/series${query({ resource, meter, instrument, minutes, points: 240, perSeries: perSeries || undefined, dim: filters.map(f => JSON.stringify(f)) })}`, version, paused);
  const store = (next: DimensionFilter[]) => navigate(href('/metrics', writeDimensions(location.peek().query, next)), true);

  const counting = showCount && series?.chart === 'percentiles';
  const lines = useMemo<Line[]>(() => {
    if (!series) return [];
    if (counting) return [{ label: 'Count', values: series.counts, color: '--p50', fill: true }];
    return series.series.map((s, i) => ({ label: s.name || instrument, values: s.values, color: colors[s.name] ?? (series.series.length === 1 ? '--p50' : `--res-${i % 20}`), fill: series.chart === 'percentiles' || series.series.length === 1 }));
  }, [series, counting]);
  const dots = useMemo<Dot[]>(() => (series && !counting && series.chart !== 'rate' ? series.exemplars.filter(e => e.traceId).map(e => ({
    time: e.time, value: e.value, href: href(`/traces/${e.traceId}`, { span: e.spanId }), title: `Trace ${e.traceId!.slice(0, 7)}: ${formatValue(e.value, series.unit)} at ${formatTime(e.time)}`,
  })) : []), [series, counting]);

  if (!series) return problem ? <Empty icon="trending" title="The series could not be read"><p>{problem}</p></Empty> : <Empty icon="trending" title="Loading…" />;
  const unit = counting ? '' : series.chart === 'rate' ? '' : series.valueUnit;
  const format = (v: number | null | undefined) => (series.chart === 'rate' && !counting ? (v === null || v === undefined ? '–' : `${significant(v)}/s`) : formatValue(v, unit));
  const end = series.times.at(-1) ?? Date.now();
  return (
    <section class="instrument-page" data-testid="instrument">
      <h2>{series.instrument}</h2>
      <p class="dim">{series.description || series.meter}{series.totals.count > 0 && ` · ${plural(Math.round(series.totals.count), series.kind === 'histogram' ? 'measurement' : 'point')} in this window`}</p>
      {series.overflow && <div class="bar-message"><Icon name="warning" />This instrument has more combinations of dimensions than are kept; the rest is missing.</div>}
      {view === 'graph' ? <Chart label={`Chart of ${series.instrument}`} times={series.times} lines={lines} dots={dots} format={format} range={[end - minutes * 60_000, end]} />
        : <Table series={series} lines={lines} format={format} />}
      <div class="row wrap options">
        {series.chart === 'percentiles' && <label class="check"><input type="checkbox" checked={showCount} onChange={e => setQuery({ count: e.currentTarget.checked ? '1' : null })} />Show count</label>}
        {series.chart !== 'percentiles' && series.dimensions.length > 0 && <label class="check"><input type="checkbox" checked={perSeries} onChange={e => setQuery({ split: e.currentTarget.checked ? '1' : null })} />A line per combination</label>}
        {dots.length > 0 && <span class="dim"><span class="dot" />{plural(dots.length, 'exemplar')}: each dot leads to its trace</span>}
      </div>
      {series.dimensions.length > 0 && <Dimensions dimensions={series.dimensions} filters={filters} onChange={store} />}
    </section>
  );
}

function Table({ series, lines, format }: { series: MetricSeries; lines: Line[]; format: (v: number | null | undefined) => string }) {
  const rows = series.times.map((time, i) => ({ time, i })).filter(({ i }) => lines.some(l => l.values[i] !== null && l.values[i] !== undefined)).reverse();
  if (rows.length === 0) return <Empty icon="table" title="No points in this window" />;
  const withCount = series.chart === 'percentiles';
  return (
    <div class="scroll metric-table">
      <table class="table">
        <thead><tr><th>Time</th>{lines.map(l => <th key={l.label} class="number">{l.label}</th>)}{withCount && <th class="number">Count</th>}</tr></thead>
        <tbody>{rows.map(({ time, i }) => <tr key={time}><td>{formatTime(time, false)}</td>{lines.map(l => <td key={l.label} class="number">{format(l.values[i])}</td>)}{withCount && <td class="number">{series.counts[i] ?? '–'}</td>}</tr>)}</tbody>
      </table>
    </div>
  );
}
