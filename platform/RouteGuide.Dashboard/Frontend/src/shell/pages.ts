import type { ComponentType } from 'preact';
import type { IconName } from '../ui/icons';
import { BalancerPage } from '../pages/balancer/balancer';
import { ConsolePage } from '../pages/console/console';
import { LogsPage } from '../pages/logs/logs';
import { MetricsPage } from '../pages/metrics/metrics';
import { ResourcesPage } from '../pages/resources/resources';
import { RouteMapPage } from '../pages/routemap/routemap';
import { TracePage } from '../pages/trace/trace';
import { TracesPage } from '../pages/traces/traces';

export interface Page {
  path: string;
  title: string;
  /** On the rail. */
  label: string;
  icon: IconName;
  key: string;
  /** Whether it is of use without an app host. */
  alone: boolean;
  Content: ComponentType<{ parts: string[] }>;
}

export const pages: Page[] = [
  { path: '/', title: 'Resources', label: 'Resources', icon: 'grid', key: 'r', alone: false, Content: ResourcesPage },
  { path: '/console', title: 'Console', label: 'Console', icon: 'console', key: 'c', alone: false, Content: ConsolePage },
  { path: '/structuredlogs', title: 'Structured logs', label: 'Structured', icon: 'document', key: 's', alone: true, Content: LogsPage },
  { path: '/traces', title: 'Traces', label: 'Traces', icon: 'timeline', key: 't', alone: true, Content: TracesPage },
  { path: '/metrics', title: 'Metrics', label: 'Metrics', icon: 'trending', key: 'm', alone: true, Content: MetricsPage },
  { path: '/balancer', title: 'Balancer', label: 'Balancer', icon: 'scales', key: 'b', alone: false, Content: BalancerPage },
  { path: '/routemap', title: 'Route map', label: 'Route map', icon: 'map', key: 'p', alone: false, Content: RouteMapPage },
];

const trace: Page = { path: '/traces/', title: 'Trace', label: 'Traces', icon: 'timeline', key: 't', alone: true, Content: TracePage };

/** The page at a path; without an app host the start is the first page that makes sense. */
export function pageOf(path: string, hasResourceService: boolean): Page | null {
  if (/^\/traces\/[^/]+$/.test(path)) return trace;
  if (path === '/' || path === '/settings' || path === '/help') return pages.find(p => hasResourceService || p.alone)!;
  if (path === '/parameters' || path === '/graph') return pages[0];
  return pages.find(p => p.path !== '/' && (path === p.path || path.startsWith(`${p.path}/`))) ?? null;
}
