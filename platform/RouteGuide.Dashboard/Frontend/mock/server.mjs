// A stand-in for the backend: `npm run mock`, then `npm run dev`, or http://localhost:18888 with what was built. The token is "mock".
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { algorithms, burst, control, mark, tick } from './balancer.mjs';
import * as data from './data.mjs';
import { series, tree } from './metrics.mjs';

const port = Number(process.env.PORT ?? 18888);
const root = new URL('../../wwwroot', import.meta.url).pathname;
const places = JSON.parse(await readFile(new URL('../../../../data/route_guide_db.json', import.meta.url), 'utf8'));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const policy = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
const resources = () => [data.balancer, ...data.servers, data.client, ...data.parameters];
const traces = [];
const logs = [];
const windows = new Map();
const notes = [];
const lines = new Map();
for (let i = 60; i > 0; i--) produce(Date.now() - i * 1500);
const streams = new Set();
let signedIn = process.env.OPEN === '1';

function produce(now) {
  const made = data.makeTrace(now);
  traces.push(made);
  const log = data.makeLog(now, made.trace);
  logs.push(log);
  return { row: made.row, log };
}

const telemetry = () => ({ resources: [data.balancer, ...data.servers, data.client].map(r => ({ instance: r.name, name: r.displayName, instanceId: r.name.split('-')[1], color: r.color, hasLogs: true, hasTraces: true, hasMetrics: r.displayName === 'server', attributes: [] })), totals: { logs: logs.length, traces: traces.length, spans: traces.length * 4 }, limits: process.env.LIMIT ? [{ kind: 'logs', message: '10,000 logs are kept; older ones were removed.' }] : [], errors: { [data.servers[0].name]: 3 } });
const matches = (l, q) => (!q.get('resource') || l.resource === q.get('resource') || l.resource.startsWith(`${q.get('resource')}-`)) && (!q.get('text') || l.message.toLowerCase().includes(q.get('text').toLowerCase())) && (!q.get('level') || ['Trace', 'Debug', 'Information', 'Warning', 'Error', 'Critical'].indexOf(l.level) >= ['Trace', 'Debug', 'Information', 'Warning', 'Error', 'Critical'].indexOf(q.get('level')));
const consoleOf = name => resources().filter(r => r.type !== 'Parameter' && (name === '*' || r.name === name)).map(r => r.name);
const pause = ms => new Promise(done => setTimeout(done, ms));

setInterval(() => {
  const { row, log } = produce(Date.now());
  const status = tick();
  for (const s of streams) {
    if (s.topics.includes('traces')) s.send('traces', { snapshot: false, upserts: [row], total: traces.length, maxDurationNs: 6e7, cleared: false });
    if (s.topics.includes('logs') && matches(log, s.query)) s.send('logs', { snapshot: false, items: [log], total: logs.filter(l => matches(l, s.query)).length, cleared: false, dropped: 0 });
    if (s.topics.includes('balancer')) s.send('balancer', status);
    if (s.topics.includes('metrics')) s.send('metrics', { resource: s.query.get('resource'), version: Date.now(), treeVersion: 1 });
    if (s.topics.includes('console')) s.send('console', { reset: false, dropped: 0, note: null, lines: consoleOf(s.query.get('console')).map(n => data.consoleLine(n, next(n))) });
  }
}, 1000);
const next = name => (lines.set(name, (lines.get(name) ?? 40) + 1), lines.get(name));
const changed = upserts => streams.forEach(s => s.topics.includes('resources') && s.send('resources', { connection: 'connected', message: null, upserts }));

function stream(query, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const s = { topics: query.get('topics').split(','), query, send: (name, value) => response.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`) };
  streams.add(s);
  response.on('close', () => streams.delete(s));
  const first = {
    resources: () => ({ connection: 'connected', message: null, snapshot: resources() }), telemetry,
    logs: () => ({ snapshot: true, items: logs.filter(l => matches(l, query)).slice(-500), total: logs.filter(l => matches(l, query)).length, cleared: false, dropped: 0 }),
    traces: () => ({ snapshot: true, upserts: traces.slice(-200).map(t => t.row).reverse(), total: traces.length, maxDurationNs: 6e7, cleared: false }),
    trace: () => ({ id: query.get('trace'), version: 1, gone: false }), metrics: () => ({ resource: query.get('resource'), version: 1, treeVersion: 1 }), balancer: tick,
    console: () => ({ reset: true, dropped: 0, note: null, lines: consoleOf(query.get('console')).flatMap(n => Array.from({ length: 40 }, (_, i) => data.consoleLine(n, i + 1))) }),
    chat: () => chatState(),
  };
  for (const topic of s.topics) s.send(topic, first[topic]());
}
const chatState = () => ({ type: 'state', room: 'main', open: true, replica: data.servers[1].name, color: data.servers[1].color, windows: [...windows].map(([window, name]) => ({ window, name })), message: null });
const say = event => streams.forEach(s => s.topics.includes('chat') && s.send('chat', event));

async function run(name, commandName, values) {
  await pause(600);
  const r = resources().find(x => x.name === name);
  if (commandName === 'resource-scale') {
    const count = values?.replicas;
    if (!Number.isInteger(count) || count < 1 || count > 100) return { kind: 'InvalidArguments', message: `replicas '${count ?? ''}': it must be a whole number from 1 to 100.`, result: null };
    while (data.servers.length > count) {
      const gone = data.servers.pop();
      mark('gone', gone.name, `${gone.name} is gone`);
      streams.forEach(s => s.send('resources', { connection: 'connected', message: null, deletes: [gone.name] }));
    }
    while (data.servers.length < count) {
      const more = data.makeServer();
      data.servers.push(more);
      mark('registered', more.name, `${more.name} registered`);
      changed([more]);
    }
    return { kind: 'Succeeded', message: `${count} replicas run.`, result: null };
  }
  if (commandName === 'stop' || commandName === 'start') {
    const stop = commandName === 'stop';
    Object.assign(r, { state: stop ? 'Exited' : 'Running', health: stop ? null : 'Healthy', stateStyle: stop ? 'info' : 'success' });
    r.commands = r.commands.map(c => (c.name === 'start' ? { ...c, state: stop ? 'Enabled' : 'Disabled' } : c.name === 'stop' ? { ...c, state: stop ? 'Disabled' : 'Enabled' } : c));
    mark('health', name, `${name} is ${stop ? 'unhealthy' : 'healthy'}`);
    changed([r]);
  }
  return { kind: 'Succeeded', message: null, result: commandName === 'chaos' ? { value: '{"delayMs":200}', format: 'Json', displayImmediately: false } : null };
}

const answered = () => {
  const s = data.pick(data.servers);
  return { replica: s.name, color: s.color, elapsedMs: 1 + data.random() * 4 };
};

async function api(request, path, query, body, response) {
  const json = (value, status = 200) => response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' }).end(JSON.stringify(value));
  const done = (status = 204) => response.writeHead(status).end();
  const ndjson = () => (response.writeHead(200, { 'content-type': 'application/x-ndjson' }), value => response.write(`${JSON.stringify(value)}\n`));
  const parts = path.split('/').slice(2);
  if (path === '/api/session') return json({ authenticated: signedIn, authMode: 'BrowserToken', csrfToken: signedIn ? 'mock' : null, applicationName: 'RouteGuide', version: '1.0.0', hasResourceService: true, otlpUrls: { grpc: 'http://localhost:18889', http: 'http://localhost:18890' }, limits: { maxLogs: 10000, maxTraces: 10000, maxMetricPoints: 50000, maxConsoleLines: 10000 } });
  if (path === '/api/login') return (signedIn = body.token === 'mock') ? done() : json({ title: 'Unauthorized', status: 401, detail: 'The token is not the one of this dashboard.' }, 401);
  if (!signedIn) return json({ title: 'Unauthorized', status: 401 }, 401);
  if (request.method !== 'GET' && request.headers['x-csrf-token'] !== 'mock') return json({ title: 'Forbidden', status: 403, detail: 'The X-CSRF-Token header is missing.' }, 403);
  if (path === '/api/logout') return (signedIn = false), done();
  if (path === '/api/stream') return stream(query, response);
  if (path === '/api/balancer/algorithms') return json(algorithms);
  if (path === '/api/balancer/burst') return burst(body, ndjson()).then(() => response.end());
  if (parts[0] === 'balancer') return control(parts.slice(1), body), done();
  if (parts[2] === 'commands') return json(await run(decodeURIComponent(parts[1]), parts[3], body?.arguments));
  if (request.method === 'DELETE' || path === '/api/telemetry/seen') return done();
  if (parts[1] === 'fields') return json([{ field: 'log.message', label: 'Message', builtIn: true }, { field: 'span.name', label: 'Name', builtIn: true }, { field: 'Point', label: 'Point', builtIn: false }]);
  if (parts[1] === 'values') return json([{ value: 'routeguide.RouteGuide/GetFeature', count: 12 }]);
  if (parts[0] === 'logs') return json(parts[1] ? { ...logs.find(l => l.id === Number(parts[1])), resourceAttributes: [{ key: 'service.name', value: 'server' }], scopeAttributes: [] } : { items: [], total: logs.length, hasMore: false });
  if (parts[0] === 'traces' && parts[1]) {
    const found = traces.find(t => t.trace.id === parts[1]);
    return found ? json(found.trace) : json({ title: 'Not found', status: 404 }, 404);
  }
  if (path === '/api/metrics') return json(tree);
  if (path === '/api/metrics/series') return json(series(query, traces.map(t => t.trace)));
  if (path === '/api/route/features') return json({ ...answered(), features: places });
  if (path === '/api/route/feature') return json({ ...answered(), feature: places.find(p => p.location.latitude === body.latitude && p.location.longitude === body.longitude) ?? { name: '', location: body } });
  if (path === '/api/route/record') return json({ ...answered(), summary: { pointCount: body.points.length, featureCount: body.points.filter(p => places.some(f => f.location.latitude === p.latitude && f.location.longitude === p.longitude)).length, distanceMetres: body.points.length * 8123, elapsedSeconds: 0 } });
  if (path === '/api/route/list') {
    const write = ndjson();
    const found = places.filter(({ location: l }) => l.latitude >= body.lo.latitude && l.latitude <= body.hi.latitude && l.longitude >= body.lo.longitude && l.longitude <= body.hi.longitude);
    for (const feature of found) {
      write({ type: 'feature', feature });
      await pause(15);
    }
    write({ type: 'done', count: found.length, ...answered() });
    return response.end();
  }
  if (path === '/api/route/chat') {
    const window = data.hex(8);
    windows.set(window, body.name);
    say(chatState());
    return json({ window, room: body.room ?? 'main' });
  }
  if (parts[3] === 'notes') {
    const at = { latitude: body.latitude, longitude: body.longitude };
    const name = windows.get(parts[2]);
    const time = data.iso(Date.now());
    say({ type: 'note', window: parts[2], name, location: at, message: body.message, time });
    for (const n of notes.filter(x => x.location.latitude === at.latitude && x.location.longitude === at.longitude)) say({ type: 'answer', to: parts[2], name: n.name, location: at, message: n.message, time, replica: data.servers[1].name });
    notes.push({ name, location: at, message: body.message });
    return done(202);
  }
  return json({ title: 'Not found', status: 404, detail: `There is no ${path} in this mock.` }, 404);
}

async function file(path, response) {
  const name = extname(path) ? normalize(path) : '/index.html';
  try {
    const content = await readFile(join(root, name));
    response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream', 'content-security-policy': policy }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (pathname === '/login' && searchParams.get('t') === 'mock') {
    signedIn = true;
    response.writeHead(302, { location: '/' }).end();
    return;
  }
  if (!pathname.startsWith('/api/')) return file(pathname, response);
  let text = '';
  for await (const part of request) text += part;
  await api(request, pathname, searchParams, text ? JSON.parse(text) : undefined, response);
}).listen(port, '127.0.0.1', () => console.log(`http://localhost:${port}`));
