// The HTTP API between the dashboard's backend and its front end. JSON in camelCase. Paths are relative to the dashboard's own origin.
//
// General rules
// - Errors: `application/problem+json` (Problem). 401 = log in first (go to /login?returnUrl=<path+query>), 403 = CSRF header missing or wrong,
//   404 = no such thing, 400 = bad parameter (detail names parameter and value), 409 = not possible now, 429 = too many login attempts
//   (Retry-After seconds), 502 = balancer / resource service answered with an error, 503 = not connected to it.
// - Every request that is not GET/HEAD carries the header `X-CSRF-Token: <Session.csrfToken>` (except POST /api/login) and, if it has a body,
//   `Content-Type: application/json`.
// - Timestamps: ISO 8601 UTC strings with up to 9 decimals ("2026-11-22T01:02:03.123456789Z"). Where charts need arithmetic there are numbers:
//   names ending in `Ns` are nanoseconds, in `Ms` milliseconds; `times` of charts are Unix milliseconds.
// - Trace ids (32) and span ids (16) are lowercase hex.
// - `resource=` in queries: an instance ("server-abcdefgh"), or a name ("server" = all its instances). Absent = all.
// - 64-bit ids of log entries are plain numbers (below 2^53).
// - Page paths (deep links; all serve index.html): / /login /console /console/{resource} /structuredlogs /traces /traces/{id} /metrics /metrics/{resource}
//   /balancer /routemap /parameters /graph /settings /help: any path without a dot in its last segment that is not /api, /v1.
//   `/login?t=TOKEN` logs in on the server and redirects to returnUrl or `/`; with a wrong token to /login?failed=401 (too many attempts: 429).
// - CSP: default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'.
//   No inline script or style element/attribute (CSSOM `el.style.x =` is fine). Assets: /assets/* (hashed by Vite, cached immutable), all other files no-cache.
//   index.html and /assets/* are served without login (the login page needs them); nothing else is.

export interface Problem { type?: string; title: string; status: number; detail?: string }

// ---------- Session ----------
// GET /api/session   (works without login)
export interface Session {
  authenticated: boolean;              // true always in Unsecured mode
  authMode: 'BrowserToken' | 'Unsecured';
  csrfToken: string | null;            // null when not authenticated
  applicationName: string;             // "RouteGuide"
  version: string;                     // of the dashboard
  hasResourceService: boolean;         // false = standalone OTLP viewer: hide Resources, Console; start page is Structured logs
  otlpUrls: { grpc: string | null; http: string | null };   // for the empty states: "send OTLP to ..."
  limits: { maxLogs: number; maxTraces: number; maxMetricPoints: number; maxConsoleLines: number };
}
// POST /api/login {token: string}  -> 204 + cookie (3 days) | 401 Problem | 429 Problem.      No CSRF header; must be application/json.
// POST /api/logout                 -> 204

// ---------- The one stream of a window ----------
// GET /api/stream?topics=resources,logs&...      text/event-stream (EventSource). ONE per window: a browser gives six connections per host on HTTP/1.1.
// On page change close it and open another with the topics of the new page. Every topic begins with a snapshot, so nothing is lost on reconnect.
// topics (comma separated): resources | telemetry | console | logs | traces | trace | metrics | balancer | chat
// Parameters are shared with the REST queries of the page:
//   console:  console=<resource name> or console=*            logs:    resource, text, level, filter (see LogQuery), after=<id> (only newer than)
//   traces:   resource, text, type, filter (TraceQuery)       trace:   trace=<trace id>
//   metrics:  resource                                        chat:    room=<room>, window=<id from POST /api/route/chat>
// Event names = keys of StreamEvents; `data` is the JSON. A comment line is sent every 15 s. EventSource reconnects by itself (retry 1000).
// On 401 EventSource just fails: then ask GET /api/session.
export interface StreamEvents {
  resources: ResourcesEvent;
  telemetry: TelemetryEvent;       // sources of telemetry, counts, limits; first at once, then at most twice a second when changed
  console: ConsoleEvent;
  logs: LogsEvent;
  traces: TracesEvent;
  trace: TraceEvent;
  metrics: MetricsEvent;
  balancer: BalancerEvent;         // once a second
  chat: ChatEvent;
}

// ---------- Resources ----------
// GET /api/resources -> Resource[]       (the same as the snapshot of the stream)
export interface ResourcesEvent {
  connection: 'none' | 'connecting' | 'connected' | 'lost';  // to the app host
  message: string | null;                                     // why it is lost, for people
  snapshot?: Resource[];                                      // first event, and after each reconnect: replaces everything
  upserts?: Resource[];
  deletes?: string[];                                         // names
}
export interface Resource {
  name: string;                 // unique: "server-abcdefgh"
  displayName: string;          // the same for all replicas: "server"
  type: string;                 // "Project" | "Executable" | "Container" | "Parameter" | ...
  uid: string;
  state: string | null;         // "Running" | "Starting" | "Waiting" | "NotStarted" | "Stopping" | "Finished" | "Exited" | "FailedToStart" | "RuntimeUnhealthy" | ...
  stateStyle: string | null;    // success | info | warning | error
  health: 'Healthy' | 'Unhealthy' | 'Degraded' | 'Unknown' | null;   // worst of the reports; null = no checks; Unknown = not run yet
  createdAt: string | null; startedAt: string | null; stoppedAt: string | null;
  hidden: boolean;
  iconName: string | null;      // Fluent icon name
  color: number;                // 0..19 in the palette; the same resource has the same colour on every page
  urls: { endpoint: string | null; url: string; displayName: string; sortOrder: number; internal: boolean; inactive: boolean }[];
  environment: { name: string; value: string | null; fromSpec: boolean }[];    // mask on screen; values are in here
  properties: { name: string; displayName: string | null; value: unknown; sensitive: boolean; highlighted: boolean; sortOrder: number | null }[];
                                // known names: "resource.exitCode", "project.path", "executable.path", "executable.workDir", "executable.args", "executable.pid", "resource.source", "replicas"
  healthReports: { key: string; status: 'Healthy' | 'Unhealthy' | 'Degraded' | null; description: string; exception: string; lastRunAt: string | null }[];
  relationships: { resource: string; type: string }[];   // resource = DISPLAY name of the other; type Reference | WaitFor | Parent
  volumes: { source: string; target: string; mountType: string; readOnly: boolean }[];
  commands: ResourceCommand[];
}
export interface ResourceCommand {
  name: string; displayName: string; description: string | null; confirmation: string | null; iconName: string | null;
  highlighted: boolean; state: 'Enabled' | 'Disabled' | 'Hidden';
  inputs: CommandInput[];       // ask for them in a dialog (scale has one Number input "replicas")
}
export interface CommandInput {
  name: string; label: string; description: string; placeholder: string; type: 'Text' | 'SecretText' | 'Choice' | 'Boolean' | 'Number' | 'File';
  required: boolean; value: string; options: { value: string; label: string }[]; maxLength: number | null; allowCustomChoice: boolean; disabled: boolean;
}
// POST /api/resources/{name}/commands/{command} {arguments?: Record<string, string | number | boolean>} -> CommandResult   (waits for the end; 200 also when failed)
export interface CommandResult {
  kind: 'Succeeded' | 'Failed' | 'Cancelled' | 'InvalidArguments' | 'Undefined';
  message: string | null;
  result: { value: string; format: 'None' | 'Text' | 'Json' | 'Markdown'; displayImmediately: boolean } | null;
}

// ---------- Console ----------
// Stream topic console. The first event has reset = true and the lines that are kept (10,000 in all); later ones only new lines.
export interface ConsoleEvent { reset: boolean; lines: ConsoleLine[]; dropped: number /* lines lost because the reader was too slow */; note: string | null /* "no such resource", "the app host is away" */ }
export interface ConsoleLine { resource: string /* instance name */; line: number /* from 1 per resource */; text: string /* with ANSI codes */; stdErr: boolean; time: string | null }
// GET /api/console/{resource or *}/download -> text/plain attachment

// ---------- Telemetry resources ----------
// GET /api/telemetry -> TelemetryEvent
export interface TelemetryEvent {
  resources: TelemetryResource[];
  totals: { logs: number; traces: number; spans: number };
  limits: { kind: 'logs' | 'traces' | 'metrics' | 'resources'; message: string }[];   // show as message bar, dismissible; empty = fine
  errors: Record<string, number>;      // instance -> number of error logs not yet seen (see /api/telemetry/{instance}/seen)
}
export interface TelemetryResource {
  instance: string;             // "server-abcdefgh": same as Resource.name where the app host runs it
  name: string;                 // service.name
  instanceId: string | null;
  color: number;
  hasLogs: boolean; hasTraces: boolean; hasMetrics: boolean;
  attributes: Attribute[];
}
export interface Attribute { key: string; value: string }
// POST /api/telemetry/seen {resource?: string} -> 204    clears unread error counts
// GET /api/telemetry/export?resource= -> application/zip: structuredlogs/, traces/ and metrics/ with OTLP's JSON, consolelogs/ with text
// POST /api/telemetry/import, body: such a zip, or one file of OTLP's JSON -> Imported
export interface Imported { files: number; skipped: number; logs: number; spans: number; metrics: number }
// DELETE /api/telemetry?resource=&kinds=logs,traces,metrics -> 204    (all without parameters)

// ---------- Structured logs ----------
// LogQuery: resource, text (in message, case-insensitive), level (this and above: Trace|Debug|Information|Warning|Error|Critical), traceId, spanId,
//           filter = JSON of Filter, repeated (disabled ones are not sent)
// GET /api/logs?<LogQuery>&limit=200&before=<id> -> LogPage (newest `limit` entries older than `before`, in ascending order)
export interface Filter { field: string; condition: FilterCondition; value: string }
export type FilterCondition = 'equals' | 'notEquals' | 'contains' | 'notContains' | 'greaterThan' | 'greaterThanOrEqual' | 'lessThan' | 'lessThanOrEqual';
export interface LogPage { items: LogEntry[]; total: number /* matching */; hasMore: boolean /* older ones */ }
export interface LogsEvent { snapshot: boolean /* replaces the list (up to 500 newest) */; items: LogEntry[] /* ascending */; total: number /* matching */; cleared: boolean; dropped: number }
export interface LogEntry {
  id: number; time: string;
  resource: string /* instance */; color: number;
  level: 'Trace' | 'Debug' | 'Information' | 'Warning' | 'Error' | 'Critical' | 'Unspecified';
  message: string; category: string /* logger (scope) name */; eventName: string | null; template: string | null;
  traceId: string | null; spanId: string | null;
  attributes: Attribute[];
  exception: string | null;       // type: message + stack trace
}
// GET /api/logs/{id} -> LogEntry & { resourceAttributes: Attribute[]; scopeAttributes: Attribute[] }
// GET /api/logs/fields?resource= -> FieldInfo[]     parameters for the filter dialog; built in: "log.message","log.category","log.level","log.traceId","log.spanId","log.eventName","log.exception","log.resource", then attribute keys
// GET /api/logs/values?field=..&resource=.. -> {value: string; count: number}[]   (at most 100, most frequent first)
// DELETE /api/logs?resource= -> 204
export interface FieldInfo { field: string; label: string; builtIn: boolean }

// ---------- Traces ----------
// TraceQuery: resource, text (in span names and trace id), type = all|http|rpc|database|messaging|other, filter = JSON of Filter repeated
//   (fields: "span.name","span.kind","span.status","span.durationMs","span.traceId","span.resource", then attribute keys: a trace matches when ONE of its spans matches all filters), errors=true
// GET /api/traces?<TraceQuery>&limit=100&before=<seq> -> TracePage (newest first)
export interface TracePage { items: TraceRow[]; total: number; hasMore: boolean; maxDurationNs: number }
export interface TracesEvent { snapshot: boolean /* up to 200 newest */; upserts: TraceRow[]; total: number; maxDurationNs: number; cleared: boolean }
export interface TraceRow {
  id: string; seq: number /* grows with first arrival */; start: string; durationNs: number;
  name: string /* of the root or first span */; resource: string /* instance of it */; color: number; hasError: boolean; spanCount: number; errorCount: number;
  resources: { name: string /* instance */; color: number; spans: number; errors: number }[];   // in order of first start
}
// GET /api/traces/{id} -> Trace | 404
export interface Trace {
  id: string; start: string; durationNs: number; spanCount: number; depth: number; hasError: boolean; truncated: boolean /* spans beyond the cap were not kept */; version: number;
  resources: { name: string; color: number }[];
  spans: Span[];     // in waterfall order: depth first, children by start time
}
export interface TraceEvent { id: string; version: number; gone: boolean }    // "it changed: GET it again"
export interface Span {
  id: string; parentId: string | null; depth: number; name: string; resource: string; color: number;
  kind: 'Internal' | 'Server' | 'Client' | 'Producer' | 'Consumer' | 'Unspecified';
  startOffsetNs: number; durationNs: number; start: string;
  status: 'Unset' | 'Ok' | 'Error'; statusMessage: string | null;
  peer: string | null;           // who a Client/Producer span called when no child span tells (peer.service, server.address:port, matched to a resource's url where possible)
  scope: string; scopeVersion: string | null;
  attributes: Attribute[]; resourceAttributes: Attribute[];
  events: { name: string; offsetNs: number /* from trace start */; time: string; attributes: Attribute[] }[];
  links: SpanLink[]; backlinks: SpanLink[];
  logs: number;                  // structured logs with this span id
}
export interface SpanLink { traceId: string; spanId: string; resource: string | null; name: string | null; attributes: Attribute[] }
// GET /api/traces/fields?resource= -> FieldInfo[];   GET /api/traces/values?field=..&resource=.. -> {value,count}[]
// DELETE /api/traces?resource= -> 204

// ---------- Metrics ----------
// GET /api/metrics?resource=server -> MetricTree       (resource required: an instance, or a name = all its instances together)
export interface MetricTree { meters: { name: string; version: string | null; instruments: { name: string; description: string; unit: string; kind: MetricKind }[] }[] }
export type MetricKind = 'gauge' | 'counter' | 'updown' | 'histogram';
// GET /api/metrics/series?resource=..&meter=..&instrument=..&minutes=5&points=240&dim=<JSON {name, values: (string|null)[]}> repeated &perSeries=true
//   A dimension without `dim` = all its values. null in values = points without that dimension. [] = nothing of it.
export interface MetricSeries {
  meter: string; instrument: string; description: string; unit: string; kind: MetricKind;
  chart: 'percentiles' | 'rate' | 'value';   // percentiles: series p50,p90,p99 (in `unit`); rate: per second; value: as measured
  valueUnit: string;                           // "ms", "s", "By", "1/s", ...
  times: number[];                             // Unix ms, ascending, evenly spaced (bucketMs apart)
  bucketMs: number;
  series: { name: string; dimensions: Attribute[] | null; values: (number | null)[] }[];   // null = no data in that bucket
  counts: (number | null)[];                   // histograms: calls per bucket ("Show count"); counters: the increase; gauges: null
  totals: { count: number; sum: number | null; min: number | null; max: number | null; last: number | null };   // over the window
  exemplars: { time: number /* Unix ms */; value: number; traceId: string | null; spanId: string | null; attributes: Attribute[] }[];   // at most 200
  dimensions: { name: string; values: { value: string | null; points: number }[] }[];
  overflow: boolean;                           // dimension sets beyond the limit were not kept
}
export interface MetricsEvent { resource: string; version: number; treeVersion: number }    // at most once a second: fetch the series again; treeVersion changed: fetch the tree again
// DELETE /api/metrics?resource= -> 204

// ---------- Balancer ----------
// Stream topic balancer; GET /api/balancer -> BalancerEvent
export interface BalancerEvent {
  available: boolean; message: string | null;        // why not, for people
  controllable: boolean; controlMessage: string | null;   // whether the admin key is known
  frontUrl: string | null; tcpUrl: string | null;     // null tcpUrl: no TCP mode beside
  status: BalancerStatus | null;
  marks: BalancerMark[];     // marks kept (at most 500, newest last): health flips, ejections, registrations, changes by hand; recorded while someone watches
}
export interface BalancerMark { id: number; time: string; kind: 'health' | 'ejected' | 'returned' | 'registered' | 'gone' | 'draining' | 'weight' | 'algorithm' | 'reload'; group: string; target: string | null; from: string | null; to: string | null; text: string }
export interface BalancerStatus {
  time: string; started: string;
  connections: { active: number; total: number; rejected: number };
  calls: Record<string, number>;                     // "completed" and flags such as UF, UT ... -> count since start
  listeners: { url: string; kind: string }[];
  rules: { listener: string; priority: string; conditions: string; actions: string }[];
  groups: BalancerGroup[];
}
export interface BalancerGroup {
  name: string; protocolVersion: string; algorithm: string /* "round_robin" */; registered: number; available: number; failOpen: boolean; retries: number;
  callsPerSecond: number; p50Ms: number | null; p99Ms: number | null;
  lastPick: { target: string; algorithm: string; score: number | null; rival: string | null; rivalScore: number | null; why: string } | null;
  targets: BalancerTarget[];
  deregistered: { name: string; address: string; leased: boolean; weight: number }[];   // taken out by hand; POST .../register brings them back
}
export interface BalancerTarget {
  name: string; address: string; leased: boolean; state: string /* healthy|unhealthy|initial|draining|unused|unavailable ... */; reason: string | null; description: string | null;
  weight: number; weightFactor: number; expectedShare: number /* 0..1 */; inFlight: number; picks: number; failures: number;
  callsPerSecond: number; p50Ms: number | null; p99Ms: number | null;
  picksDelta: number;      // picks since the sample before (one second): draw that many dots
  resource: string | null; // the resource instance behind the address, where known
  color: number;
}
// GET /api/balancer/algorithms -> string[]        names for the select
// POST /api/balancer/groups/{group}/targets/{target}/deregister|register -> 204
// PUT  /api/balancer/groups/{group}/targets/{target}/weight {weight: number} -> 204
// PUT  /api/balancer/groups/{group}/algorithm {algorithm: string} -> 204
// POST /api/balancer/burst {calls: 1..5000, mode: 'request' | 'tcp', concurrency?: 1..100} -> application/x-ndjson, one BurstLine per line, flushed as calls end.
//   All calls go over ONE connection. Abort the fetch to stop.
export type BurstLine =
  | { type: 'calls'; calls: { n: number /* from 1 */; replica: string | null; status: string /* "OK" or a gRPC code */; ms: number }[] }
  | { type: 'done'; calls: number; failed: number; elapsedMs: number; connections: number /* really opened: 1 unless the balancer closed one */; replicas: { replica: string; color: number; calls: number }[] }
  | { type: 'error'; message: string };

// ---------- Route map (everything goes through the balancer's front) ----------
export interface GeoPoint { latitude: number /* E7: degrees * 1e7, integer */; longitude: number }
export interface Feature { name: string; location: GeoPoint }
export interface Answered { replica: string | null; color: number; elapsedMs: number }
// GET  /api/route/features -> Answered & {features: Feature[]}      all named places and unnamed points (one ListFeatures over the whole globe)
// POST /api/route/feature {latitude, longitude} -> Answered & {feature: Feature}            (GetFeature; empty name = nothing there)
// POST /api/route/list {lo: GeoPoint, hi: GeoPoint} -> application/x-ndjson ListLine (ListFeatures, streamed)
export type ListLine = { type: 'feature'; feature: Feature } | ({ type: 'done'; count: number } & Answered) | { type: 'error'; message: string; status: string };
// POST /api/route/record {points: GeoPoint[] (1..1000), delayMs?: 0..200 between points} -> Answered & {summary: {pointCount; featureCount; distanceMetres; elapsedSeconds}}
// A gRPC error: 502 Problem with detail "INVALID_ARGUMENT: ..." 
//
// RouteChat: windows in the same room share one RouteChat call, because the service answers a note with the notes that the SAME CALL got at that place before.
// POST /api/route/chat {name: string /* 1..40 characters, no ':' or control characters */, room?: string /* default "main" */} -> {window: string, room: string}; then open the stream with topics=..,chat&room=..&window=..
// POST /api/route/chat/{window}/notes {latitude, longitude, message /* 1..500 */} -> 202
// DELETE /api/route/chat/{window} -> 204 (also by itself 30 s after its stream is gone)
export type ChatEvent =
  | { type: 'state'; room: string; open: boolean; replica: string | null; color: number; windows: { window: string; name: string }[]; message: string | null }   // first, and at each change
  | { type: 'note'; window: string; name: string; location: GeoPoint; message: string; time: string }              // somebody in the room sent this note (you too)
  | { type: 'answer'; to: string /* window whose note was answered */; name: string | null; location: GeoPoint; message: string; time: string; replica: string | null }   // the service repeats an earlier note at that place
  | { type: 'ended'; status: string; message: string };
