import { expect, test } from 'vitest';
import type { Resource, Span, Trace } from '../src/api';
import { groupsOf, lookOf, matches, words } from '../src/pages/resources/model';
import { parents, visibleSpans } from '../src/pages/trace/tree';

const resource = (name: string, more: Partial<Resource> = {}): Resource => ({
  name, displayName: name.split('-')[0], type: 'Project', uid: name, state: 'Running', stateStyle: 'success', health: 'Healthy', createdAt: '2026-01-01T00:00:00Z', startedAt: null, stoppedAt: null, hidden: false, iconName: null,
  color: 0, urls: [], environment: [], properties: [], healthReports: [], relationships: [], volumes: [], commands: [], ...more,
});

test('replicas stand under their service, children behind their parents', () => {
  const groups = groupsOf([resource('server-b'), resource('tool-a', { relationships: [{ resource: 'server', type: 'Parent' }] }), resource('server-a'), resource('zoo-a', { createdAt: '2025-01-01T00:00:00Z' })]);
  expect(groups.map(g => [g.name, g.members.length, g.isReplicated, g.depth])).toEqual([['zoo', 1, false, 0], ['server', 2, true, 0], ['tool', 1, false, 1]]);
});

test('parents of each other are shown all the same', () => {
  const child = (name: string, parent: string) => resource(name, { relationships: [{ resource: parent, type: 'Parent' }] });
  expect(groupsOf([child('a-1', 'b'), child('b-1', 'a')]).map(g => g.name).sort()).toEqual(['a', 'b']);
});

test('a state is shown with its health and its exit code', () => {
  expect(lookOf(resource('a', { health: 'Unhealthy' })).text).toBe('Running (Unhealthy)');
  expect(lookOf(resource('a', { state: 'Exited', properties: [{ name: 'resource.exitCode', displayName: null, value: 3, sensitive: false, highlighted: false, sortOrder: null }] }))).toMatchObject({ classes: 'error', text: 'Exited (3)' });
  expect(words('FailedToStart')).toBe('Failed to start');
});

test('hidden resources are found only when they are asked for', () => {
  const filter = { text: '', types: [], states: [], health: [], hidden: false };
  expect(matches(resource('a', { hidden: true }), filter)).toBe(false);
  expect(matches(resource('a', { hidden: true }), { ...filter, hidden: true })).toBe(true);
  expect(matches(resource('server-x'), { ...filter, text: 'SERVER' })).toBe(true);
  expect(matches(resource('server-x'), { ...filter, states: ['Exited'] })).toBe(false);
});

const span = (id: string, parentId: string | null, depth: number) => ({ id, parentId, depth, name: id, resource: 'r', attributes: [] }) as unknown as Span;
const trace = { spans: [span('root', null, 0), span('left', 'root', 1), span('leaf', 'left', 2), span('right', 'root', 1)] } as unknown as Trace;

test('what lies below a closed span is not shown; a search keeps the way to what it found', () => {
  expect(visibleSpans(trace, new Set(['left']), '').map(s => s.id)).toEqual(['root', 'left', 'right']);
  expect(visibleSpans(trace, new Set(), 'leaf').map(s => s.id)).toEqual(['root', 'left', 'leaf']);
  expect([...parents(trace)].sort()).toEqual(['left', 'root']);
});
