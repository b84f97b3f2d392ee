import './resources.css';
import { computed } from '@preact/signals';
import { host, resources } from '../../lib/stores';
import { href, location, setQuery } from '../../lib/router';
import { plural } from '../../lib/format';
import { Empty, Search } from '../../ui/controls';
import { Popover } from '../../ui/popover';
import { Split } from '../../ui/details';
import { CommandDialogs } from './commands';
import { ResourceDetails } from './resourcedetails';
import { Graph } from './graph';
import { groupsOf, healthOf, isValue, matches, stateOf, words, type ResourceFilter } from './model';
import { Parameters } from './parameters';
import { ResourceTable } from './table';

const listOf = (text: string | null) => (text ? text.split(',') : []);

const running = computed(() => [...resources.value.values()].filter(r => !isValue(r)));

export function ResourcesPage() {
  const { path, query } = location.value;
  const view = path === '/graph' ? 'graph' : path === '/parameters' ? 'parameters' : 'table';
  const filter: ResourceFilter = {
    text: query.get('text') ?? '', types: listOf(query.get('types')), states: listOf(query.get('states')), health: listOf(query.get('health')), hidden: query.get('hidden') === '1',
  };
  const found = running.value.filter(r => matches(r, filter));
  const selected = resources.value.get(query.get('resource') ?? '');
  const select = (name: string | null) => setQuery({ resource: name }, name === null);
  const tab = (to: string, label: string, name: typeof view) => <a href={href(to, query)} aria-current={view === name ? 'page' : undefined}>{label}</a>;
  return (
    <div class="page">
      <div class="toolbar">
        <h1 class="visually-hidden">Resources</h1>
        <nav class="tabs" aria-label="Views">{tab('/', 'Resources', 'table')}{tab('/parameters', 'Parameters', 'parameters')}{tab('/graph', 'Graph', 'graph')}</nav>
        <span class="spacer" />
        <Search value={filter.text} onChange={text => setQuery({ text })} label="Filter resources" />
        {view !== 'parameters' && <FilterMenu filter={filter} />}
      </div>
      <Split details={selected && !isValue(selected) && <ResourceDetails key={selected.name} resource={selected} onClose={() => select(null)} />}>
        {!host.value.loaded ? <Empty icon="grid" title="Waiting for the app host…" />
          : view === 'graph' ? <Graph groups={groupsOf(found)} selected={selected?.name ?? null} onSelect={select} />
            : view === 'parameters' ? <Parameters text={filter.text} />
              : found.length === 0 ? (
                <Empty icon="grid" title={running.value.length > 0 ? 'No resource matches' : 'No resources yet'}>
                  <p>{running.value.length > 0 ? 'Change the filter to see others.' : 'They appear here as soon as the app host adds them.'}</p>
                </Empty>
              ) : <ResourceTable groups={groupsOf(found)} selected={selected?.name ?? null} onSelect={select} />}
      </Split>
      {view === 'table' && <div class="footer" data-testid="footer"><span>Showing <b>{plural(found.length, 'resource')}</b></span></div>}
      <CommandDialogs />
    </div>
  );
}

/** Chooses types, states and health; what can be chosen is what there is. */
function FilterMenu({ filter }: { filter: ResourceFilter }) {
  const active = filter.types.length + filter.states.length + filter.health.length + Number(filter.hidden);
  const group = (title: string, name: 'types' | 'states' | 'health', values: string[]) => (
    <fieldset class="filter-group">
      <legend>{title}</legend>
      {[...new Set([...values, ...filter[name]])].sort().map(v => (
        <label class="check" key={v}>
          <input type="checkbox" checked={filter[name].includes(v)} onChange={e => setQuery({ [name]: (e.currentTarget.checked ? [...filter[name], v] : filter[name].filter(x => x !== v)).join(',') })} />{words(v)}
        </label>
      ))}
    </fieldset>
  );
  const all = running.value;
  return (
    <Popover kind="dialog" look="outline" icon="filter" label="Filter by type, state and health" text={active > 0 ? <span class="pill">{active}</span> : undefined}>
      {() => (
        <div class="pad">
          {group('Type', 'types', all.map(r => r.type))}
          {group('State', 'states', all.map(stateOf))}
          {group('Health', 'health', all.map(healthOf))}
          <label class="check"><input type="checkbox" checked={filter.hidden} onChange={e => setQuery({ hidden: e.currentTarget.checked ? '1' : null })} />Show hidden resources</label>
        </div>
      )}
    </Popover>
  );
}
