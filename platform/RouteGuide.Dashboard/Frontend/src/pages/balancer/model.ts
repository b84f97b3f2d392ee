import type { BalancerTarget } from '../../api';

export const nameOf = (t: BalancerTarget) => t.resource ?? t.name;

const looks: Record<string, string> = { healthy: 'success', initial: 'info', draining: 'info', unhealthy: 'error', unavailable: 'error', ejected: 'error', suspect: 'warning', slow_start: 'info' };

/** The class of a state's badge. */
export const lookOf = (state: string) => looks[state.toLowerCase()] ?? '';

export const isAway = (t: BalancerTarget) => /^(draining|unused|deregistered)/i.test(t.state);

/** `weighted_random` becomes `Weighted random`. */
export const title = (name: string) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll('_', ' ').replaceAll('-', ' ');

export const milliseconds = (ms: number | null) => (ms === null ? '–' : ms >= 100 ? `${Math.round(ms)} ms` : `${Number(ms.toPrecision(ms >= 1 ? 3 : 2))} ms`);

export const rate = (perSecond: number) => (perSecond >= 100 ? String(Math.round(perSecond)) : perSecond >= 0.05 ? perSecond.toFixed(1) : '0');

/** The part of the calls of the last second that each target got; with no calls, none. */
export function shares(targets: readonly BalancerTarget[]): Map<string, number> {
  const all = targets.reduce((sum, t) => sum + t.callsPerSecond, 0);
  return new Map(targets.map(t => [t.name, all > 0 ? t.callsPerSecond / all : 0]));
}
