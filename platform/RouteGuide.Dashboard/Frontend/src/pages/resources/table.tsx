import type { Resource } from '../../api';
import { formatTime } from '../../lib/format';
import { messageOf, post } from '../../lib/http';
import { notify } from '../../lib/notices';
import { navigate } from '../../lib/router';
import { telemetry } from '../../lib/stores';
import { stored } from '../../lib/stored';
import { Button } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { iconOf } from '../../ui/icons';
import { MenuItem, Popover } from '../../ui/popover';
import { GroupActions, ResourceActions } from './actions';
import { linksOf, lookOf, sourceOf, typeIcon, type Group } from './model';

const isList = (v: unknown) => Array.isArray(v) && v.every(x => typeof x === 'string');
const folded = stored<readonly string[]>('resources.folded', [], isList);

interface Props { groups: Group[]; selected: string | null; onSelect: (name: string) => void }

export function ResourceTable({ groups, selected, onSelect }: Props) {
  return (
    <div class="scroll">
      <table class="table clickable resources">
        <thead><tr><th>Name</th><th>State</th><th class="c-start">Start time</th><th class="c-source">Source</th><th class="c-urls">URLs</th><th class="c-actions">Actions</th></tr></thead>
        {groups.map(g => <GroupRows key={g.name} group={g} selected={selected} onSelect={onSelect} />)}
      </table>
    </div>
  );
}

function GroupRows({ group: g, selected, onSelect }: { group: Group } & Omit<Props, 'groups'>) {
  if (!g.isReplicated) return <tbody>{g.members.map(r => <Row key={r.name} resource={r} depth={g.depth} selected={selected} onSelect={onSelect} />)}</tbody>;
  const closed = folded.value.includes(g.name);
  const toggle = () => (folded.value = closed ? folded.value.filter(n => n !== g.name) : [...folded.value, g.name]);
  const first = g.members[0];
  return (
    <tbody data-testid={`group-${g.name}`}>
      <tr class="group" onClick={toggle}>
        <td>
          <span class={`name depth${g.depth} c${first.color}`}>
            <Button icon={closed ? 'chevronRight' : 'chevronDown'} label={`${closed ? 'Show' : 'Hide'} the replicas of ${g.name}`} aria-expanded={!closed} onClick={e => {
              e.stopPropagation();
              toggle();
            }} />
            <Icon name={iconOf(first.iconName, typeIcon[first.type] ?? 'server')} class="tinted" />
            <strong>{g.name}</strong><span class="dim">({g.members.length})</span>
          </span>
        </td>
        <td><GroupState group={g} /></td>
        <td class="c-start" /><td class="c-source"><Source resource={first} /></td><td class="c-urls"><Links resources={g.members} /></td>
        <td class="c-actions"><GroupActions group={g} /></td>
      </tr>
      {!closed && g.members.map(r => <Row key={r.name} resource={r} depth={g.depth + 1} inGroup selected={selected} onSelect={onSelect} />)}
    </tbody>
  );
}

function Row({ resource: r, depth, inGroup = false, selected, onSelect }: { resource: Resource; depth: number; inGroup?: boolean; selected: string | null; onSelect: (name: string) => void }) {
  return (
    <tr aria-selected={selected === r.name} data-testid={`resource-${r.name}`} data-resource={r.displayName} data-state={r.state} data-health={r.health} onClick={() => onSelect(r.name)}>
      <td>
        <span class={`name depth${Math.min(depth, 3)} c${r.color}`}>
          {!inGroup && <span class="no-chevron" />}
          <Icon name={iconOf(r.iconName, typeIcon[r.type] ?? 'server')} class="tinted" />
          <button type="button" class="link-button ellipsis" onClick={e => {
            e.stopPropagation();
            onSelect(r.name);
          }}>{inGroup ? r.name : r.displayName}</button>
        </span>
      </td>
      <td><State resource={r} /></td>
      <td class="c-start dim nowrap">{formatTime(r.startedAt, false)}</td>
      <td class="c-source"><Source resource={r} /></td>
      <td class="c-urls"><Links resources={[r]} /></td>
      <td class="c-actions"><ResourceActions resource={r} inGroup={inGroup} onDetails={() => onSelect(r.name)} /></td>
    </tr>
  );
}

export function State({ resource: r }: { resource: Resource }) {
  const { icon, classes, text } = lookOf(r);
  const errors = telemetry.value.errors[r.name] ?? 0;
  const reason = r.healthReports.filter(h => h.status !== 'Healthy').map(h => `${h.key}: ${h.description || h.status || 'not checked yet'}`).join('\n');
  return (
    <span class="row">
      <span class="row nowrap" title={reason || undefined}><Icon name={icon} class={classes} />{text}</span>
      {errors > 0 && (
        <a class="badge unread" href={`/structuredlogs?resource=${encodeURIComponent(r.name)}&level=Error`} title={`${errors} new errors in the logs`} onClick={e => {
          e.stopPropagation();
          e.preventDefault();
          void post('/api/telemetry/seen', { resource: r.name }).catch(error => notify('error', 'The errors were not marked as seen', messageOf(error)));
          navigate(`/structuredlogs?resource=${encodeURIComponent(r.name)}&level=Error`);
        }}>{errors}</a>
      )}
    </span>
  );
}

function GroupState({ group }: { group: Group }) {
  const good = group.members.filter(m => m.state === 'Running' && (m.health === 'Healthy' || m.health === null)).length;
  const all = group.members.length;
  return <span class="row nowrap" data-testid={`group-state-${group.name}`}><Icon name={good === all ? 'checkmark' : 'heart'} class={good === all ? 'success' : good > 0 ? 'warning' : 'dim'} />{good} of {all} healthy</span>;
}

function Source({ resource: r }: { resource: Resource }) {
  const { text, args, full } = sourceOf(r);
  return <span class="source ellipsis" title={full}>{text}{args && <span class="dim"> {args}</span>}</span>;
}

function Links({ resources }: { resources: Resource[] }) {
  // Replicas share the addresses of their proxy.
  const links = [...new Map(resources.flatMap(linksOf).map(l => [l.url, l])).values()];
  if (links.length === 0) return <span class="dim">–</span>;
  const [first, ...rest] = links;
  return (
    <span class="row links" onClick={e => e.stopPropagation()}>
      {first.inactive ? <span class="dim ellipsis">{first.displayName || first.url}</span>
        : /^https?:/.test(first.url) ? <a class="ellipsis" href={first.url} target="_blank" rel="noreferrer">{first.displayName || first.url}</a> : <span class="ellipsis">{first.displayName || first.url}</span>}
      {rest.length > 0 && (
        <Popover class="pill" label={`${rest.length} more URLs`} text={`+${rest.length}`}>
          {done => rest.map(l => <MenuItem key={l.url} icon="open" href={l.inactive ? undefined : l.url} disabled={l.inactive} onClick={done}>{l.displayName || l.url}</MenuItem>)}
        </Popover>
      )}
    </span>
  );
}
