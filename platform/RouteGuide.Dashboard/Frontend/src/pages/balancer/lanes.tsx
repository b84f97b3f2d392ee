import { useEffect, useRef } from 'preact/hooks';
import type { BalancerGroup } from '../../api';
import { colorOf } from '../../lib/colors';
import { percent } from '../../lib/format';
import { shown } from '../../lib/theme';
import { Icon } from '../../ui/icon';
import { lookOf, nameOf, rate, shares } from './model';

const laneHeight = 52;
const flight = 650;
const perSecond = 48;

interface Dot { lane: string; start: number; color: string }

const still = window.matchMedia('(prefers-reduced-motion: reduce)');

/** Where calls go, live: a lane per target, and on it a dot per call of the last second (at most 48 a lane; the figures beside are exact). */
export function Lanes({ group, sample }: { group: BalancerGroup; sample: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dots = useRef<Dot[]>([]);
  const frame = useRef(0);
  const latest = useRef(group);
  latest.current = group;
  const share = shares(group.targets);

  const draw = (now: number) => {
    frame.current = 0;
    const c = canvas.current;
    if (!c) return;
    const [width, height] = [c.clientWidth, c.clientHeight];
    const ratio = window.devicePixelRatio || 1;
    if (c.width !== Math.round(width * ratio) || c.height !== Math.round(height * ratio)) {
      c.width = Math.round(width * ratio);
      c.height = Math.round(height * ratio);
    }
    const g = c.getContext('2d')!;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    const { targets } = latest.current;
    const part = shares(targets);
    targets.forEach((t, i) => {
      g.strokeStyle = colorOf(`--res-${t.color}`);
      g.globalAlpha = t.state === 'healthy' ? 0.5 : 0.2;
      g.lineWidth = 1.5 + 14 * (part.get(t.name) ?? 0);
      g.setLineDash(t.state === 'healthy' ? [] : [4, 5]);
      g.beginPath();
      const y = (i + 0.5) * laneHeight;
      g.moveTo(0, height / 2);
      g.bezierCurveTo(width * 0.45, height / 2, width * 0.4, y, width, y);
      g.stroke();
    });
    g.setLineDash([]);
    g.globalAlpha = 1;
    dots.current = dots.current.filter(d => now < d.start + flight);
    for (const d of dots.current) {
      const lane = targets.findIndex(t => t.name === d.lane);
      if (now < d.start || lane < 0) continue;
      const k = (now - d.start) / flight;
      const y = (lane + 0.5) * laneHeight;
      g.fillStyle = d.color;
      g.beginPath();
      g.arc(bezier(k, 0, width * 0.45, width * 0.4, width), bezier(k, height / 2, height / 2, y, y), 4, 0, 2 * Math.PI);
      g.fill();
    }
    if (dots.current.length > 0) frame.current = requestAnimationFrame(draw);
  };
  const schedule = () => {
    if (frame.current === 0) frame.current = requestAnimationFrame(draw);
  };

  useEffect(() => {
    const now = performance.now();
    if (!still.matches && document.visibilityState === 'visible') {
      for (const t of latest.current.targets) {
        const count = Math.min(perSecond, t.picksDelta);
        for (let i = 0; i < count; i++) dots.current.push({ lane: t.name, start: now + (i / count) * 1000, color: colorOf(`--res-${t.color}`) });
      }
    }
    schedule();
  }, [sample, shown.value]);
  useEffect(() => {
    const observer = new ResizeObserver(schedule);
    observer.observe(canvas.current!);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, []);

  return (
    <div class="lanes" role="group" aria-label={`Where calls to ${group.name} go`} data-testid="lanes">
      <div class="lanes-front"><Icon name="scales" class="accent" /><strong>{rate(group.callsPerSecond)}</strong><span class="dim">calls/s</span></div>
      <span class="lanes-canvas"><canvas ref={canvas} aria-hidden="true" /></span>
      <ul class="lanes-targets">
        {group.targets.map(t => (
          <li key={t.name} class={`c${t.color}`} data-testid={`lane-${nameOf(t)}`} data-state={t.state} data-picks={t.picks}>
            <span class="lane-bar" ref={e => void e?.style.setProperty('--share', String(share.get(t.name) ?? 0))} />
            <span class="lane-text"><strong class="ellipsis">{nameOf(t)}</strong><span class="row"><span class={`badge ${lookOf(t.state)}`}>{t.state}</span><span class="dim nowrap">{rate(t.callsPerSecond)}/s · {percent(share.get(t.name) ?? 0)}</span></span></span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const bezier = (k: number, a: number, b: number, c: number, d: number) => (1 - k) ** 3 * a + 3 * (1 - k) ** 2 * k * b + 3 * (1 - k) * k * k * c + k ** 3 * d;
