import { iso, random, servers } from './data.mjs';

const state = { algorithm: 'round_robin', picks: new Map(), away: new Set(), weights: new Map(), marks: [], id: 1, sample: null };

export const mark = (kind, target, text, from = null, to = null) => state.marks.push({ id: state.id++, time: iso(Date.now()), kind, group: 'default', target, from, to, text });

export function tick() {
  const live = servers.filter(s => s.state === 'Running' && !state.away.has(s.name));
  const calls = 60 + Math.round(random() * 50);
  const weightOf = s => (state.algorithm === 'round_robin' ? 1 : (state.weights.get(s.name) ?? 1));
  const total = live.reduce((n, s) => n + weightOf(s), 0) || 1;
  const targets = servers.map((s, i) => {
    const isLive = live.includes(s);
    const delta = isLive ? Math.round((calls * weightOf(s)) / total + random() * 4) : 0;
    const picks = (state.picks.get(s.name) ?? 0) + delta;
    state.picks.set(s.name, picks);
    return {
      name: s.name, address: s.urls[0].url.replace('http://localhost', '127.0.0.1'), leased: true, state: isLive ? 'healthy' : state.away.has(s.name) ? 'draining' : 'unhealthy', reason: isLive ? null : state.away.has(s.name) ? 'Target.DeregistrationInProgress' : 'Target.FailedHealthChecks',
      description: isLive ? null : state.away.has(s.name) ? 'deregistered by hand' : 'connection refused', weight: state.weights.get(s.name) ?? 1, weightFactor: 1, expectedShare: isLive ? weightOf(s) / total : 0, inFlight: isLive ? Math.round(random() * 3) : 0, picks, failures: i,
      callsPerSecond: delta, p50Ms: 0.6 + i * 0.2, p99Ms: 3.1 + i + random(), picksDelta: delta, resource: s.name, color: s.color,
    };
  });
  state.sample = {
    available: true, message: null, controllable: true, controlMessage: null, frontUrl: 'https://localhost:50051', tcpUrl: 'http://localhost:41003', marks: state.marks.slice(-500),
    status: {
      time: iso(Date.now()), started: iso(Date.now() - 90_000), connections: { active: 4, total: 61, rejected: 0 }, calls: { completed: [...state.picks.values()].reduce((a, b) => a + b, 0), UF: 3, UT: 1 },
      listeners: [{ url: 'https://localhost:50051', kind: 'HTTP/2 over TLS' }, { url: 'tcp://localhost:41003', kind: 'TCP' }],
      rules: [{ listener: 'https://localhost:50051', priority: '1', conditions: 'path /routeguide.RouteGuide/*', actions: 'forward default' }, { listener: 'https://localhost:50051', priority: 'default', conditions: '', actions: 'respond UNIMPLEMENTED' }, { listener: 'tcp://localhost:41003', priority: 'default', conditions: '', actions: 'forward default' }],
      groups: [
        { name: 'default', protocolVersion: 'GRPC', algorithm: state.algorithm, registered: targets.length, available: live.length, failOpen: false, retries: 2, callsPerSecond: targets.reduce((n, t) => n + t.callsPerSecond, 0), p50Ms: 0.8, p99Ms: 4.2, lastPick: { target: live[0]?.name ?? '', algorithm: state.algorithm, score: null, rival: null, rivalScore: null, why: 'it was its turn' }, targets, deregistered: [] },
        { name: 'canary', protocolVersion: 'GRPC', algorithm: 'least_outstanding_requests', registered: 0, available: 0, failOpen: false, retries: 0, callsPerSecond: 0, p50Ms: null, p99Ms: null, lastPick: null, targets: [], deregistered: [] },
      ],
    },
  };
  return state.sample;
}

export const algorithms = ['round_robin', 'least_outstanding_requests', 'weighted_random', 'power_of_two_choices', 'peak_ewma', 'consistent_hash', 'orca_weighted_round_robin'];

/** Answers a change by hand. */
export function control(parts, body) {
  if (parts[2] === 'algorithm') {
    mark('algorithm', null, `Algorithm ${state.algorithm} → ${body.algorithm}`, state.algorithm, body.algorithm);
    state.algorithm = body.algorithm;
    return;
  }
  const target = decodeURIComponent(parts[3]);
  if (parts[4] === 'deregister') {
    state.away.add(target);
    mark('draining', target, `${target} drains by hand`);
  } else if (parts[4] === 'register') {
    state.away.delete(target);
    mark('registered', target, `${target} is registered again`);
  } else {
    state.weights.set(target, body.weight);
    mark('weight', target, `Weight of ${target} → ${body.weight}`);
  }
}

export async function burst({ calls, mode }, write) {
  const live = servers.filter(s => s.state === 'Running' && !state.away.has(s.name));
  const counts = new Map();
  const start = Date.now();
  for (let n = 1; n <= calls; ) {
    const part = [];
    for (let i = 0; i < 20 && n <= calls; i++, n++) {
      const replica = (mode === 'tcp' ? live[0] : live[n % live.length]).name;
      counts.set(replica, (counts.get(replica) ?? 0) + 1);
      part.push({ n, replica, status: 'OK', ms: random() * 5 });
    }
    write({ type: 'calls', calls: part });
    await new Promise(r => setTimeout(r, 30));
  }
  write({ type: 'done', calls, failed: 0, elapsedMs: Date.now() - start, connections: 1, replicas: [...counts].map(([replica, c]) => ({ replica, calls: c, color: servers.find(s => s.name === replica)?.color ?? 0 })) });
}
