import type { Resource } from '../../api';
import type { IconName } from '../../ui/icons';

/** All replicas of one resource, or the one thing that it is. */
export interface Group { name: string; members: Resource[]; isReplicated: boolean; depth: number }

export interface ResourceFilter { text: string; types: string[]; states: string[]; health: string[]; hidden: boolean }

/** What the app model was given from outside: it has a value, and neither starts nor stops. */
export const isValue = (r: Resource) => r.type === 'Parameter' || r.type === 'ConnectionString';

export const stateOf = (r: Resource) => r.state ?? 'Unknown';
export const healthOf = (r: Resource) => r.health ?? 'None';

export function matches(r: Resource, f: ResourceFilter) {
  if (r.hidden && !f.hidden) return false;
  if (f.types.length > 0 && !f.types.includes(r.type)) return false;
  if (f.states.length > 0 && !f.states.includes(stateOf(r))) return false;
  if (f.health.length > 0 && !f.health.includes(healthOf(r))) return false;
  const wanted = f.text.toLowerCase();
  return !wanted || [r.name, r.displayName, stateOf(r), sourceOf(r).text, ...r.urls.map(u => u.url)].some(v => v.toLowerCase().includes(wanted));
}

/** Groups replicas under their service, and puts children behind their parents; in the order in which they were made. */
export function groupsOf(resources: Iterable<Resource>): Group[] {
  const byName = new Map<string, Resource[]>();
  for (const r of resources) byName.set(r.displayName, [...(byName.get(r.displayName) ?? []), r]);
  const groups = [...byName].map(([name, members]) => {
    members.sort(byCreation);
    return { name, members, isReplicated: members.length > 1, depth: 0 };
  });
  groups.sort((a, b) => byCreation(a.members[0], b.members[0]) || a.name.localeCompare(b.name));
  return nest(groups);
}

const byCreation = (a: Resource, b: Resource) => (a.createdAt ?? '').localeCompare(b.createdAt ?? '') || a.name.localeCompare(b.name);

function nest(groups: Group[]): Group[] {
  const parentOf = (g: Group) => g.members[0].relationships.find(r => r.type === 'Parent')?.resource;
  const names = new Set(groups.map(g => g.name));
  const result: Group[] = [];
  const add = (g: Group, depth: number) => {
    if (result.some(r => r.name === g.name)) return;
    result.push({ ...g, depth });
    for (const child of groups) if (parentOf(child) === g.name) add(child, depth + 1);
  };
  for (const g of groups) if (!names.has(parentOf(g) ?? '')) add(g, 0);
  // Parents that are each other's children are shown all the same.
  for (const g of groups) add(g, 0);
  return result;
}

/** What a state looks like. */
export function lookOf(r: Resource): { icon: IconName; classes: string; text: string } {
  const state = stateOf(r);
  const exit = Number(r.properties.find(p => p.name === 'resource.exitCode')?.value ?? 0);
  if (state === 'Running' && r.health === 'Unhealthy') return { icon: 'heart', classes: 'warning', text: 'Running (Unhealthy)' };
  if (state === 'Running' && r.health === 'Degraded') return { icon: 'heart', classes: 'warning', text: 'Running (Degraded)' };
  if (state === 'Running' && r.health === 'Unknown') return { icon: 'arrowSync', classes: 'info spin', text: 'Running (Checking)' };
  if ((state === 'Exited' || state === 'Finished') && exit !== 0) return { icon: 'errorCircle', classes: 'error', text: `${state} (${exit})` };
  const icons: Record<string, [IconName, string]> = {
    Running: ['checkmark', 'success'], Active: ['checkmark', 'success'], Finished: ['checkmark', 'dim'], Exited: ['stop', 'dim'], FailedToStart: ['errorCircle', 'error'], RuntimeUnhealthy: ['warning', 'warning'],
    ValueMissing: ['warning', 'warning'], NotStarted: ['circle', 'dim'], Waiting: ['clock', 'info'], Starting: ['arrowSync', 'info spin'], Building: ['arrowSync', 'info spin'], Stopping: ['arrowSync', 'info spin'],
  };
  const styles: Record<string, [IconName, string]> = { success: ['checkmark', 'success'], info: ['info', 'info'], warning: ['warning', 'warning'], error: ['errorCircle', 'error'] };
  const [icon, classes] = icons[state] ?? styles[r.stateStyle ?? ''] ?? (['circle', 'dim'] as [IconName, string]);
  return { icon, classes, text: words(state) };
}

/** `FailedToStart` becomes `Failed to start`. */
export const words = (name: string) => name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);

const property = (r: Resource, name: string) => {
  const value = r.properties.find(p => p.name === name)?.value;
  return value === undefined || value === null ? '' : Array.isArray(value) ? value.join(' ') : String(value);
};

const fileOf = (path: string) => path.split(/[/\\]/).at(-1) ?? path;

/** What runs: a project's file, a program and its arguments, an image. */
export function sourceOf(r: Resource): { text: string; args: string; full: string } {
  const path = property(r, 'project.path') || property(r, 'container.image') || property(r, 'executable.path') || property(r, 'resource.source');
  const args = property(r, 'project.path') ? property(r, 'project.args') || '' : property(r, 'executable.args');
  return { text: property(r, 'container.image') ? path : fileOf(path), args, full: args ? `${path} ${args}` : path };
}

export const typeIcon: Record<string, IconName> = { Project: 'codeProject', Executable: 'console', Container: 'box', Parameter: 'key', ConnectionString: 'link' };

/** What a command does, whichever way its app host spells the usual ones: `start`, or `resource-start`. */
export const kindOf = (command: string) => command.replace(/^resource-/, '');

const properties: Record<string, string> = {
  'project.path': 'Project path', 'project.args': 'Arguments', 'executable.path': 'Program', 'executable.workDir': 'Working directory', 'executable.args': 'Arguments', 'executable.pid': 'Process id',
  'resource.exitCode': 'Exit code', 'resource.healthState': 'Health', 'resource.source': 'Source', 'container.image': 'Image', 'container.id': 'Container id', replicas: 'Replicas',
};

/** What a property is called on the page. */
export const propertyName = (p: Resource['properties'][number]) => p.displayName ?? properties[p.name] ?? p.name;

/** Those that are shown, best first; inactive ones come last. */
export const linksOf = (r: Resource) => r.urls.filter(u => !u.internal).sort((a, b) => Number(a.inactive) - Number(b.inactive) || b.sortOrder - a.sortOrder);

export const textOf = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value));
