// Lively data for work on the pages without an app host: three replicas behind a balancer, and a client that calls all the time.
const letters = 'abcdefghijklmnopqrstuvwxyz';
let seed = 7;
/** Numbers that look random and are the same at each start. */
export const random = () => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
};
export const pick = list => list[Math.floor(random() * list.length)];
const suffix = () => Array.from({ length: 8 }, () => pick(letters)).join('');
export const hex = n => Array.from({ length: n }, () => Math.floor(random() * 16).toString(16)).join('');
export const iso = ms => new Date(ms).toISOString();
const started = Date.now() - 90_000;

const input = { name: 'replicas', label: 'Replicas', description: 'How many run: 1 to 100.', placeholder: '', type: 'Number', required: true, value: '', options: [], maxLength: null, allowCustomChoice: false, disabled: false };
const command = (name, displayName, state = 'Enabled', inputs = [], more = {}) => ({ name, displayName, description: null, confirmation: null, iconName: null, highlighted: false, state, inputs, ...more });
const commands = (running, more = []) => [
  command('start', 'Start', running ? 'Disabled' : 'Enabled'), command('stop', 'Stop', running ? 'Enabled' : 'Disabled'),
  command('restart', 'Restart', running ? 'Enabled' : 'Disabled', [], { highlighted: true }), ...more,
];
const base = (name, displayName, type, color) => ({
  name, displayName, type, uid: name, state: 'Running', stateStyle: 'success', health: 'Healthy', createdAt: iso(started), startedAt: iso(started + 800), stoppedAt: null, hidden: false, iconName: null, color,
  urls: [], environment: [{ name: 'OTEL_SERVICE_NAME', value: displayName, fromSpec: true }, { name: 'REGISTRY_KEY', value: hex(32), fromSpec: true }, { name: 'PATH', value: '/usr/bin:/bin', fromSpec: false }],
  properties: [{ name: 'project.path', displayName: 'Project path', value: `/src/RouteGuide.${displayName[0].toUpperCase()}${displayName.slice(1)}/RouteGuide.${displayName[0].toUpperCase()}${displayName.slice(1)}.csproj`, sensitive: false, highlighted: true, sortOrder: 1 }, { name: 'executable.pid', displayName: 'Process id', value: 4000 + Math.floor(random() * 9000), sensitive: false, highlighted: false, sortOrder: 2 }],
  healthReports: [{ key: 'http_health', status: 'Healthy', description: '', exception: '', lastRunAt: iso(Date.now()) }], relationships: [], volumes: [], commands: commands(true),
});
const url = (endpoint, address, internal = false) => ({ endpoint, url: address, displayName: '', sortOrder: 0, internal, inactive: false });

export const makeServer = () => ({
  ...base(`server-${suffix()}`, 'server', 'Project', 2 + Math.floor(random() * 16)), createdAt: iso(started + 100),
  urls: [url('http', `http://localhost:${40000 + Math.floor(random() * 9000)}`), url('management', `http://localhost:${40000 + Math.floor(random() * 9000)}/health`)],
  relationships: [{ resource: 'balancer', type: 'WaitFor' }, { resource: 'balancer', type: 'Reference' }, { resource: 'registry-key', type: 'Reference' }],
  commands: commands(true, [command('resource-scale', 'Scale', 'Enabled', [input]), command('chaos', 'Answer slowly', 'Enabled', [], { highlighted: true, iconName: 'Rocket', confirmation: 'Have this replica answer 200 ms late?' })]),
});

export const servers = [makeServer(), makeServer(), makeServer()];
servers.forEach((s, i) => (s.color = [4, 0, 7][i]));
export const balancer = {
  ...base('balancer-kqzmwpxa', 'balancer', 'Project', 6), urls: [{ ...url('https', 'https://localhost:50051'), sortOrder: 5 }, url('registry', 'http://localhost:41001'), url('admin', 'http://localhost:41002')],
  relationships: [{ resource: 'registry-key', type: 'Reference' }, { resource: 'admin-key', type: 'Reference' }],
};
export const client = { ...base('client-vbnrtyqe', 'client', 'Project', 1), createdAt: iso(started + 200), state: 'Finished', stateStyle: 'info', health: null, healthReports: [], stoppedAt: iso(started + 5000), relationships: [{ resource: 'balancer', type: 'Reference' }, { resource: 'server', type: 'WaitFor' }], commands: commands(false) };
client.properties.push({ name: 'resource.exitCode', displayName: 'Exit code', value: 0, sensitive: false, highlighted: false, sortOrder: 3 });
const parameter = (name, value) => ({ ...base(name, name, 'Parameter', 3), properties: [{ name: 'Value', displayName: 'Value', value, sensitive: true, highlighted: true, sortOrder: 0 }], health: null, healthReports: [], environment: [], commands: [] });
export const parameters = [parameter('registry-key', hex(64)), parameter('admin-key', hex(64))];

const methods = ['GetFeature', 'GetFeature', 'GetFeature', 'ListFeatures', 'RecordRoute', 'RouteChat'];
let seq = 1;

/** One call: client, balancer, replica. */
export function makeTrace(now) {
  const server = pick(servers);
  const method = pick(methods);
  const failed = random() < 0.06;
  const ms = 2 + random() * (method === 'GetFeature' ? 9 : 60);
  const id = hex(32);
  const ids = [hex(16), hex(16), hex(16), hex(16)];
  const span = (i, depth, name, resource, color, kind, offset, duration, more = {}) => ({
    id: ids[i], parentId: i > 0 ? ids[i - 1] : null, depth, name, resource, color, kind, startOffsetNs: offset * 1e6, durationNs: duration * 1e6, start: iso(now + offset), status: 'Unset', statusMessage: null, peer: null, scope: 'RouteGuide', scopeVersion: '1.0.0',
    attributes: [{ key: 'rpc.system', value: 'grpc' }, { key: 'rpc.service', value: 'routeguide.RouteGuide' }, { key: 'rpc.method', value: method }, { key: 'rpc.grpc.status_code', value: failed ? '14' : '0' }],
    resourceAttributes: [{ key: 'service.name', value: resource.split('-')[0] }, { key: 'service.instance.id', value: resource.split('-')[1] }], events: [], links: [], backlinks: [], logs: i === 3 ? 2 : 0, ...more,
  });
  const name = `routeguide.RouteGuide/${method}`;
  const spans = [
    span(0, 0, name, client.name, client.color, 'Client', 0, ms, failed ? { status: 'Error', statusMessage: 'UNAVAILABLE' } : {}),
    span(1, 1, name, balancer.name, balancer.color, 'Server', ms * 0.08, ms * 0.86),
    span(2, 2, `proxy ${server.name}`, balancer.name, balancer.color, 'Client', ms * 0.12, ms * 0.78, { events: [{ name: 'picked round_robin', offsetNs: ms * 0.13e6, time: iso(now), attributes: [{ key: 'target', value: server.name }] }] }),
    span(3, 3, name, server.name, server.color, 'Server', ms * 0.22, ms * 0.6, failed ? { status: 'Error', statusMessage: 'the database is away' } : { events: [{ name: 'feature found', offsetNs: ms * 0.5e6, time: iso(now), attributes: [] }] }),
  ];
  const resources = [client, balancer, server].map(r => ({ name: r.name, color: r.color, spans: spans.filter(s => s.resource === r.name).length, errors: failed && r !== balancer ? 1 : 0 }));
  return {
    row: { id, seq: seq++, start: iso(now), durationNs: ms * 1e6, name, resource: client.name, color: client.color, hasError: failed, spanCount: 4, errorCount: failed ? 2 : 0, resources },
    trace: { id, start: iso(now), durationNs: ms * 1e6, spanCount: 4, depth: 4, hasError: failed, truncated: false, version: 1, resources: resources.map(({ name: n, color }) => ({ name: n, color })), spans },
  };
}

let logId = 1;
export function makeLog(now, trace) {
  const server = pick(servers);
  const level = pick(['Information', 'Information', 'Information', 'Information', 'Debug', 'Warning', 'Error']);
  const point = `${400_000_000 + Math.floor(random() * 2e7)}, -${740_000_000 + Math.floor(random() * 1e7)}`;
  const messages = { Information: `GetFeature at ${point} answered`, Debug: `Read the point ${point}`, Warning: `The note at ${point} was stored late`, Error: `Call RouteChat failed at ${point}` };
  return {
    id: logId++, time: iso(now), resource: server.name, color: server.color, level, message: messages[level], category: 'RouteGuide.Server.RouteGuideService', eventName: null, template: 'GetFeature at {Point} answered', traceId: trace?.id ?? null, spanId: trace?.spans[3].id ?? null,
    attributes: [{ key: 'Point', value: point }], exception: level === 'Error' ? 'System.IO.IOException: The stream was closed.\n   at RouteGuide.Server.RouteGuideService.RouteChat(IAsyncStreamReader`1 requests) in RouteGuideService.cs:line 84\n   at Grpc.AspNetCore.Server.Internal.CallHandler.Handle()' : null,
  };
}

export const consoleLine = (resource, line) => {
  const texts = ['\x1b[32minfo\x1b[0m: RouteGuide.Server.RouteGuideService[0]', '      GetFeature answered in 0.8 ms', '\x1b[33mwarn\x1b[0m: RouteGuide.Server[3] slow reader, see https://localhost:50051/health', '\x1b[32minfo\x1b[0m: Microsoft.Hosting.Lifetime[14] Now listening on: \x1b[1mhttp://localhost:40123\x1b[0m', '\x1b[41m\x1b[37mfail\x1b[0m: RouteGuide.Server[9] the stream was reset by its client'];
  return { resource, line, text: texts[line % texts.length], stdErr: line % 23 === 0, time: iso(Date.now()) };
};
