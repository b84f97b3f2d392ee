import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Feature, GeoPoint } from '../../api';
import { boundsOf, e7, fit, gridLines, nearest, placeLabels, samePoint, toPixel, toPoint, zoom, type View } from '../../lib/geo';
import { Button } from '../../ui/controls';
import { features, found, listed, place, recorded, type Tool } from './state';

interface Props {
  tool: Tool;
  notes: readonly GeoPoint[];
  onPick: (point: GeoPoint) => void;
  onRectangle: (lo: GeoPoint, hi: GeoPoint) => void;
  onPath: (points: GeoPoint[]) => void;
}

type Drag = { x: number; y: number; moved: boolean; view: View } | null;
const reach = 12;

/** The map: places on a plot of coordinates, and what is drawn on it. */
export function Plot({ tool, notes, onPick, onRectangle, onPath }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View | null>(null);
  const moved = useRef(false);
  const drag = useRef<Drag>(null);
  const [rectangle, setRectangle] = useState<{ x0: number; y0: number; x1: number; y1: number } | null>(null);
  const [path, setPath] = useState<GeoPoint[]>([]);
  const list = features.value.list;

  useEffect(() => {
    const bounds = boundsOf(list.map(f => f.location));
    const observer = new ResizeObserver(([e]) => {
      const { width, height } = e.contentRect;
      setView(v => (v && moved.current ? { ...v, width, height } : fit(bounds, width, height)));
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [list]);

  const at = (e: { clientX: number; clientY: number }) => {
    const rect = box.current!.getBoundingClientRect();
    return { x: e.clientX - rect.left, y: e.clientY - rect.top };
  };
  const snapped = (v: View, x: number, y: number) => nearest(v, list, x, y, reach)?.location ?? toPoint(v, x, y);

  const down = (e: PointerEvent) => {
    if (!view || e.button !== 0) return;
    (e.currentTarget as Element).setPointerCapture(e.pointerId);
    const { x, y } = at(e);
    drag.current = { x, y, moved: false, view };
    if (tool === 'record') setPath([snapped(view, x, y)]);
  };
  const move = (e: PointerEvent) => {
    const d = drag.current;
    if (!d || !view) return;
    const { x, y } = at(e);
    d.moved ||= Math.hypot(x - d.x, y - d.y) > 4;
    if (!d.moved) return;
    if (tool === 'list') setRectangle({ x0: d.x, y0: d.y, x1: x, y1: y });
    else if (tool === 'record') {
      setPath(old => {
        const last = toPixel(view, old[old.length - 1]);
        const next = snapped(view, x, y);
        return Math.hypot(last.x - x, last.y - y) < 7 || samePoint(next, old[old.length - 1]) || old.length >= 1000 ? old : [...old, next];
      });
    } else {
      moved.current = true;
      const [from, to] = [toPoint(d.view, d.x, d.y), toPoint(d.view, x, y)];
      setView({ ...d.view, centre: { latitude: d.view.centre.latitude + (from.latitude - to.latitude) / e7, longitude: d.view.centre.longitude + (from.longitude - to.longitude) / e7 } });
    }
  };
  const up = (e: PointerEvent) => {
    const d = drag.current;
    drag.current = null;
    if (!d || !view) return;
    const { x, y } = at(e);
    if (tool === 'list' && d.moved) onRectangle(toPoint(view, Math.min(d.x, x), Math.max(d.y, y)), toPoint(view, Math.max(d.x, x), Math.min(d.y, y)));
    if (tool === 'record' && path.length > 1) onPath(path);
    if ((tool === 'get' || tool === 'chat') && !d.moved) onPick(snapped(view, x, y));
    setRectangle(null);
    setPath([]);
  };
  const zoomBy = (factor: number, x?: number, y?: number) => {
    moved.current = true;
    setView(v => v && zoom(v, factor, x ?? v.width / 2, y ?? v.height / 2));
  };
  useEffect(() => {
    const onWheel = (e: WheelEvent) => {
      e.preventDefault();
      const { x, y } = at(e);
      zoomBy(Math.exp(-e.deltaY / 400), x, y);
    };
    const element = box.current!;
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);

  return (
    <div class={`plot tool-${tool}`} ref={box} data-testid="plot">
      {view && (
        <svg width={view.width} height={view.height} role="img" aria-label="Map of the places" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => {
          drag.current = null;
          setRectangle(null);
          setPath([]);
        }}>
          <Grid view={view} />
          <Drawn view={view} path={path} />
          <Places view={view} notes={notes} tool={tool} />
          {rectangle && <rect class="rubber" x={Math.min(rectangle.x0, rectangle.x1)} y={Math.min(rectangle.y0, rectangle.y1)} width={Math.abs(rectangle.x1 - rectangle.x0)} height={Math.abs(rectangle.y1 - rectangle.y0)} />}
        </svg>
      )}
      <div class="plot-tools">
        <Button icon="zoomIn" look="outline" label="Zoom in" onClick={() => zoomBy(1.5)} />
        <Button icon="zoomOut" look="outline" label="Zoom out" onClick={() => zoomBy(1 / 1.5)} />
        <Button icon="arrowCounterclockwise" look="outline" label="Show all places" onClick={() => {
          moved.current = false;
          setView(v => v && fit(boundsOf(list.map(f => f.location)), v.width, v.height));
        }} />
      </div>
    </div>
  );
}

function Grid({ view: v }: { view: View }) {
  const [nw, se] = [toPoint(v, 0, 0), toPoint(v, v.width, v.height)];
  const degrees = (value: number, plus: string, minus: string) => `${Number(Math.abs(value).toFixed(3))}° ${value >= 0 ? plus : minus}`;
  return (
    <g class="grid">
      {gridLines(se.latitude / e7, nw.latitude / e7, Math.max(2, v.height / 110)).map(lat => {
        const { y } = toPixel(v, { latitude: lat * e7, longitude: 0 });
        return <g key={`lat${lat}`}><line x1="0" x2={v.width} y1={y} y2={y} /><text x="8" y={y - 4}>{degrees(lat, 'N', 'S')}</text></g>;
      })}
      {gridLines(nw.longitude / e7, se.longitude / e7, Math.max(2, v.width / 150)).map(lon => {
        const { x } = toPixel(v, { latitude: 0, longitude: lon * e7 });
        return <g key={`lon${lon}`}><line x1={x} x2={x} y1="0" y2={v.height} /><text x={x + 4} y={v.height - 8}>{degrees(lon, 'E', 'W')}</text></g>;
      })}
    </g>
  );
}

/** The rectangle that was listed, the path that was recorded or is being drawn. */
function Drawn({ view: v, path }: { view: View; path: readonly GeoPoint[] }) {
  const rect = listed.value;
  const line = path.length > 0 ? path : (recorded.value?.points ?? []);
  const points = line.map(p => toPixel(v, p));
  const [a, b] = rect ? [toPixel(v, rect.lo), toPixel(v, rect.hi)] : [null, null];
  return (
    <>
      {a && b && <rect class="area" x={Math.min(a.x, b.x)} y={Math.min(a.y, b.y)} width={Math.abs(b.x - a.x)} height={Math.abs(a.y - b.y)} />}
      {points.length > 0 && <polyline class="route" points={points.map(p => `${p.x},${p.y}`).join(' ')} />}
      {points.length > 0 && <circle class="route-end" cx={points[0].x} cy={points[0].y} r="5" />}
      {points.length > 1 && <circle class="route-end" cx={points.at(-1)!.x} cy={points.at(-1)!.y} r="5" />}
    </>
  );
}

function Places({ view: v, notes, tool }: { view: View; notes: readonly GeoPoint[]; tool: Tool }) {
  const { list } = features.value;
  const inList = listed.value?.features ?? [];
  const keyOf = (p: GeoPoint) => `${p.latitude} ${p.longitude}`;
  const lit = useMemo(() => new Set(inList.map(f => keyOf(f.location))), [inList]);
  const noted = new Set(notes.map(keyOf));
  const hit = found.value?.feature.location;
  const first = new Set<Feature>(list.filter(f => lit.has(keyOf(f.location)) || (hit && samePoint(f.location, hit))));
  const labels = useMemo(() => placeLabels(v, list, first), [v, list, lit, hit]);
  const pin = tool === 'chat' ? place.value : hit;
  const at = pin && toPixel(v, pin);
  return (
    <>
      {list.map(f => {
        const p = toPixel(v, f.location);
        if (p.x < -20 || p.y < -20 || p.x > v.width + 20 || p.y > v.height + 20) return null;
        const label = labels.get(f);
        const key = keyOf(f.location);
        return (
          <g key={key} class={`place ${f.name ? '' : 'unnamed'} ${lit.has(key) ? 'lit' : ''} ${noted.has(key) ? 'noted' : ''}`} data-name={f.name}>
            <circle cx={p.x} cy={p.y} r={f.name ? 5 : 3.5} />
            <circle class="hit" cx={p.x} cy={p.y} r={reach}><title>{f.name || 'A point without a name'}</title></circle>
            {label && <text x={label.x} y={label.y}>{label.text}</text>}
          </g>
        );
      })}
      {notes.filter(n => !list.some(f => samePoint(f.location, n))).map(n => {
        const p = toPixel(v, n);
        return <circle key={keyOf(n)} class="note-spot" cx={p.x} cy={p.y} r="5" />;
      })}
      {at && <path class="pin" d={`M${at.x} ${at.y - 4} l-8 -15 a9 9 0 1 1 16 0 z`} />}
    </>
  );
}
