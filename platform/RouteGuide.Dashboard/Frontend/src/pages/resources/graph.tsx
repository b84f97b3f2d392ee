import { useEffect, useRef, useState } from 'preact/hooks';
import type { Resource } from '../../api';
import { layers } from '../../lib/layers';
import { Button, Empty } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { icons, iconOf } from '../../ui/icons';
import { linksOf, lookOf, typeIcon, type Group } from './model';

const columnWidth = 240;
const rowHeight = 150;
const radius = 36;

/** Who refers to whom: a node per resource, replicas as one stack. A click shows its details. */
export function Graph({ groups, selected, onSelect }: { groups: Group[]; selected: string | null; onSelect: (name: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 800, height: 500 });
  const [zoom, setZoom] = useState(1);
  useEffect(() => {
    const observer = new ResizeObserver(([e]) => setSize({ width: e.contentRect.width, height: e.contentRect.height }));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const names = groups.map(g => g.name);
  const edges = groups.flatMap(g => [...new Set(g.members[0].relationships.filter(r => r.type !== 'Parent').map(r => r.resource))].filter(to => to !== g.name && names.includes(to)).map(to => ({ from: g.name, to })));
  const places = layers(names, edges);
  const columns = Math.max(1, ...places.map(p => p.column + 1));
  const rows = Math.max(columns > 2 ? 2 : 1, ...places.map(p => 2 * Math.abs(p.row) + 1));
  const [width, height] = [columns * columnWidth, rows * rowHeight];
  const fit = Math.min(1.25, (size.width - 24) / width, (size.height - 24) / height);
  const at = new Map(places.map(p => [p.name, { x: (p.column + 0.5) * columnWidth, y: height / 2 + p.row * rowHeight - 14 }]));
  if (groups.length === 0) return <Empty icon="branch" title="No resource matches" />;
  const scale = Math.max(0.6, fit) * zoom;
  return (
    <div class="graph" ref={box}>
      <div class="graph-scroll">
        <svg width={width * scale} height={height * scale} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Graph of the resources">
          <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" /></marker></defs>
          {edges.map(e => {
            const [a, b] = [at.get(e.from)!, at.get(e.to)!];
            const lit = groups.some(g => (g.name === e.from || g.name === e.to) && g.members.some(m => m.name === selected));
            return <path key={`${e.from} ${e.to}`} class={`edge ${lit ? 'lit' : ''}`} d={curve(a, b)} marker-end="url(#arrow)"><title>{`${e.from} refers to ${e.to}`}</title></path>;
          })}
          {groups.map(g => <Node key={g.name} group={g} at={at.get(g.name)!} selected={g.members.some(m => m.name === selected)} onSelect={onSelect} />)}
        </svg>
      </div>
      <div class="graph-tools">
        <Button icon="zoomIn" look="outline" label="Zoom in" onClick={() => setZoom(z => Math.min(4, z * 1.25))} />
        <Button icon="zoomOut" look="outline" label="Zoom out" onClick={() => setZoom(z => Math.max(0.3, z / 1.25))} />
        <Button icon="arrowCounterclockwise" look="outline" label="Reset the zoom" onClick={() => setZoom(1)} />
      </div>
    </div>
  );
}

function curve(a: { x: number; y: number }, b: { x: number; y: number }) {
  if (a.x === b.x) return `M${a.x + radius} ${a.y} C${a.x + 110} ${a.y}, ${b.x + 110} ${b.y}, ${b.x + radius + 4} ${b.y}`;
  const [from, to, bend] = a.x < b.x ? [a.x + radius, b.x - radius - 4, 70] : [a.x - radius, b.x + radius + 4, -70];
  // One that passes other columns goes above what stands there.
  const lift = Math.abs(a.x - b.x) > columnWidth * 1.5 ? 110 : 0;
  return lift > 0 ? `M${from - bend / 4} ${a.y - radius * 0.7} C${from + bend} ${a.y - lift}, ${to - bend} ${b.y - lift}, ${to + bend / 8} ${b.y - radius * 0.75}`
    : `M${from} ${a.y} C${from + bend} ${a.y}, ${to - bend} ${b.y}, ${to} ${b.y}`;
}

const worst = (members: Resource[]) => {
  const rank = (r: Resource) => ['error', 'warning', 'info', 'info spin', 'dim', 'success'].indexOf(lookOf(r).classes);
  return members.reduce((a, b) => (rank(b) < rank(a) ? b : a));
};

function Node({ group: g, at, selected, onSelect }: { group: Group; at: { x: number; y: number }; selected: boolean; onSelect: (name: string) => void }) {
  const first = worst(g.members);
  const { icon, classes, text } = lookOf(first);
  const link = linksOf(g.members[0])[0];
  const select = () => onSelect(first.name);
  const stack = Math.min(g.members.length, 3);
  const title = g.members.length > 1 ? `${g.name} (${g.members.length})` : g.name;
  return (
    <g class={`node c${first.color} ${selected ? 'selected' : ''}`} transform={`translate(${at.x} ${at.y})`} role="button" tabindex={0} aria-label={`${title}: ${text}`} data-testid={`node-${g.name}`}
      onClick={select} onKeyDown={e => {
        if (e.key === 'Enter' || e.key === ' ') {
          e.preventDefault();
          select();
        }
      }}>
      {Array.from({ length: stack }, (_, i) => stack - 1 - i).map(i => <circle key={i} class="disc" cx={i * 7} r={radius} />)}
      <g class="glyph" transform="translate(-16 -16) scale(1.6)" dangerouslySetInnerHTML={{ __html: icons[iconOf(first.iconName, typeIcon[first.type] ?? 'server')] }} />
      <foreignObject x={radius - 18 + (stack - 1) * 7} y={-radius - 4} width="24" height="24"><span class="status"><Icon name={icon} class={classes} /></span></foreignObject>
      <text class="title" y={radius + 20}>{title}</text>
      {link && <text class="address" y={radius + 38}>{shorten(link.displayName || link.url)}</text>}
    </g>
  );
}

const shorten = (text: string) => (text.length > 30 ? `${text.slice(0, 29)}…` : text);
