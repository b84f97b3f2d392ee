import { random } from './data.mjs';

export const tree = {
  meters: [
    { name: 'Microsoft.AspNetCore.Hosting', version: null, instruments: [{ name: 'http.server.active_requests', description: 'Number of active HTTP server requests.', unit: '{request}', kind: 'updown' }, { name: 'http.server.request.duration', description: 'Duration of HTTP server requests.', unit: 's', kind: 'histogram' }] },
    { name: 'System.Runtime', version: null, instruments: [{ name: 'dotnet.gc.collections', description: 'The number of garbage collections.', unit: '{collection}', kind: 'counter' }, { name: 'dotnet.process.memory.working_set', description: 'Physical memory of the process.', unit: 'By', kind: 'gauge' }] },
  ],
};

export function series(query, traces) {
  const instrument = tree.meters.flatMap(m => m.instruments).find(i => i.name === query.get('instrument'));
  const minutes = Number(query.get('minutes') ?? 5);
  const bucketMs = Math.max(1000, (minutes * 60_000) / 120);
  const end = Math.floor(Date.now() / bucketMs) * bucketMs;
  const times = Array.from({ length: Math.round((minutes * 60_000) / bucketMs) }, (_, i) => end - ((minutes * 60_000) / bucketMs - 1 - i) * bucketMs);
  const wave = (t, base, size) => base + size * Math.sin(t / 40_000) + size * 0.4 * Math.sin(t / 7_000);
  const all = f => times.map((t, i) => (i < times.length * 0.15 ? null : f(t)));
  const hist = instrument.kind === 'histogram';
  return {
    meter: query.get('meter'), instrument: instrument.name, description: instrument.description, unit: instrument.unit, kind: instrument.kind, chart: hist ? 'percentiles' : instrument.kind === 'counter' ? 'rate' : 'value', valueUnit: instrument.kind === 'counter' ? '1/s' : instrument.unit, times, bucketMs,
    series: hist ? [['p50', 0.003, 0.0006], ['p90', 0.007, 0.0012], ['p99', 0.013, 0.003]].map(([name, b, s]) => ({ name, dimensions: null, values: all(t => wave(t, b, s)) })) : [{ name: '', dimensions: null, values: all(t => wave(t, instrument.unit === 'By' ? 9e7 : 6, instrument.unit === 'By' ? 4e6 : 3)) }],
    counts: all(t => Math.round(wave(t, 80, 20))), totals: { count: 8200, sum: null, min: null, max: null, last: null },
    exemplars: hist ? traces.slice(-30).map(t => ({ time: Date.parse(t.start), value: t.durationNs / 1e9, traceId: t.id, spanId: null, attributes: [] })).filter(e => e.value < 0.02 && random() < 0.7) : [],
    dimensions: [{ name: 'http.route', values: ['/routeguide.RouteGuide/GetFeature', '/routeguide.RouteGuide/ListFeatures', '/health'].map(value => ({ value, points: 40 })) }, { name: 'http.response.status_code', values: [{ value: '200', points: 90 }, { value: null, points: 4 }] }], overflow: false,
  };
}
