import type { Span, Trace } from '../../api';

/** The spans in sight, in waterfall order: what lies below a closed one is left out, and with a search what neither matches nor leads to a match. */
export function visibleSpans(trace: Trace, closed: ReadonlySet<string>, search: string): Span[] {
  const wanted = search.toLowerCase();
  const keep = wanted ? matching(trace.spans, wanted) : null;
  const result: Span[] = [];
  let hiddenBelow = Infinity;
  for (const span of trace.spans) {
    if (span.depth > hiddenBelow) continue;
    hiddenBelow = Infinity;
    if (!keep || keep.has(span.id)) result.push(span);
    if (closed.has(span.id)) hiddenBelow = span.depth;
  }
  return result;
}

function matching(spans: Span[], wanted: string): Set<string> {
  const byId = new Map(spans.map(s => [s.id, s]));
  const keep = new Set<string>();
  for (const s of spans) {
    const found = [s.name, s.resource, s.id, ...s.attributes.map(a => a.value)].some(v => v.toLowerCase().includes(wanted));
    for (let at: Span | undefined = found ? s : undefined; at && !keep.has(at.id); at = at.parentId ? byId.get(at.parentId) : undefined) keep.add(at.id);
  }
  return keep;
}

/** Ids of spans that have others below them. */
export function parents(trace: Trace): Set<string> {
  const ids = new Set(trace.spans.map(s => s.id));
  return new Set(trace.spans.flatMap(s => (s.parentId && ids.has(s.parentId) ? [s.parentId] : [])));
}
