import type { Resource, ResourceCommand } from '../../api';
import { href } from '../../lib/router';
import { notify } from '../../lib/notices';
import { Button } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { iconOf, type IconName } from '../../ui/icons';
import { MenuItem, MenuSeparator, MenuTitle, Popover } from '../../ui/popover';
import { invoke } from './commands';
import { kindOf, type Group } from './model';

const builtIn: Record<string, IconName> = { start: 'play', stop: 'stop', restart: 'arrowCounterclockwise', rebuild: 'arrowSync', scale: 'scale' };

const iconFor = (c: ResourceCommand): IconName => builtIn[kindOf(c.name)] ?? iconOf(c.iconName, 'rocket');
const shown = (r: Resource) => r.commands.filter(c => c.state !== 'Hidden');

function CommandButton({ resource, command, secondary = false }: { resource: Resource; command: ResourceCommand; secondary?: boolean }) {
  return <Button class={secondary ? 'secondary' : ''} icon={iconFor(command)} label={`${command.displayName} ${resource.name}`} disabled={command.state === 'Disabled'} data-command={command.name} onClick={() => invoke(resource, command)} />;
}

/** What can be done with one instance: the usual at hand, the rest in the menu. */
export function ResourceActions({ resource: r, inGroup, onDetails }: { resource: Resource; inGroup: boolean; onDetails: () => void }) {
  const commands = shown(r).filter(c => !inGroup || kindOf(c.name) !== 'scale');
  const isSwitch = (c: ResourceCommand) => kindOf(c.name) === 'start' || kindOf(c.name) === 'stop';
  const main = commands.find(c => isSwitch(c) && c.state === 'Enabled') ?? commands.find(c => kindOf(c.name) === 'stop');
  // The app's own commands before the usual ones: those are in every menu.
  const more = commands.filter(c => c.highlighted && !isSwitch(c)).sort((a, b) => Number(kindOf(a.name) in builtIn) - Number(kindOf(b.name) in builtIn)).slice(0, 2);
  const close = (act: () => void, done: () => void) => () => {
    done();
    act();
  };
  return (
    <span class="row actions" onClick={e => e.stopPropagation()}>
      {main && <CommandButton resource={r} command={main} />}
      <a class="button icon-only" href={href('/console', { resource: r.name })} aria-label={`Console of ${r.name}`} title="Console"><ConsoleIcon /></a>
      {more.map(c => <CommandButton key={c.name} resource={r} command={c} secondary />)}
      <Popover icon="more" label={`More actions for ${r.name}`}>
        {done => (
          <>
            <MenuItem icon="info" onClick={close(onDetails, done)}>View details</MenuItem>
            <MenuItem icon="codeProject" onClick={close(() => download(`${r.name}.json`, JSON.stringify(r, null, 2)), done)}>Export JSON</MenuItem>
            <MenuItem icon="arrowDownload" onClick={close(() => download(`${r.name}.env`, envFile(r)), done)}>Export .env</MenuItem>
            <MenuSeparator />
            <MenuItem icon="document" href={href('/structuredlogs', { resource: r.name })}>Structured logs</MenuItem>
            <MenuItem icon="timeline" href={href('/traces', { resource: r.name })}>Traces</MenuItem>
            <MenuItem icon="trending" href={href('/metrics', { resource: r.name })}>Metrics</MenuItem>
            {commands.length > 0 && <MenuSeparator />}
            {commands.map(c => <MenuItem key={c.name} icon={iconFor(c)} disabled={c.state === 'Disabled'} title={c.description ?? undefined} onClick={close(() => invoke(r, c), done)}>{c.displayName}</MenuItem>)}
          </>
        )}
      </Popover>
    </span>
  );
}

/** What can be done with all replicas of a resource. */
export function GroupActions({ group }: { group: Group }) {
  const withScale = group.members.find(m => m.commands.some(c => kindOf(c.name) === 'scale' && c.state === 'Enabled')) ?? group.members[0];
  const scale = withScale.commands.find(c => kindOf(c.name) === 'scale');
  const all = ['start', 'stop', 'restart'].map(name => ({ name, targets: group.members.filter(m => m.commands.some(c => kindOf(c.name) === name && c.state === 'Enabled')) })).filter(a => a.targets.length > 0);
  return (
    <span class="row actions" onClick={e => e.stopPropagation()}>
      {scale && scale.state !== 'Hidden' && (
        <Button icon="scale" look="outline" disabled={scale.state === 'Disabled'} data-testid={`scale-${group.name}`} aria-label={`Scale ${group.name}`}
          onClick={() => invoke(withScale, { ...scale, inputs: scale.inputs.map(i => (i.name === 'replicas' && !i.value ? { ...i, value: String(group.members.length) } : i)) })}>
          <span class="scale-label">Scale</span>
        </Button>
      )}
      <a class="button icon-only" href={href('/console', { resource: group.name })} aria-label={`Console of all of ${group.name}`} title="Console"><ConsoleIcon /></a>
      <Popover icon="more" label={`More actions for ${group.name}`}>
        {done => (
          <>
            <MenuItem icon="document" href={href('/structuredlogs', { resource: group.name })}>Structured logs</MenuItem>
            <MenuItem icon="timeline" href={href('/traces', { resource: group.name })}>Traces</MenuItem>
            <MenuItem icon="trending" href={href('/metrics', { resource: group.name })}>Metrics</MenuItem>
            {all.length > 0 && <MenuTitle>All replicas</MenuTitle>}
            {all.map(({ name, targets }) => {
              const command = (m: Resource) => m.commands.find(c => kindOf(c.name) === name)!;
              return (
                <MenuItem key={name} icon={builtIn[name]} onClick={() => {
                  done();
                  targets.forEach(m => invoke(m, command(m)));
                }}>{command(targets[0]).displayName} all</MenuItem>
              );
            })}
          </>
        )}
      </Popover>
    </span>
  );
}

const ConsoleIcon = () => <Icon name="console" />;

// A value with anything unusual in it goes into quotes, as shells and compose read it.
const envFile = (r: Resource) => r.environment.filter(e => e.fromSpec).map(e => `${e.name}=${/^[\w./:@%+,=-]*$/.test(e.value ?? '') ? e.value ?? '' : JSON.stringify(e.value)}`).join('\n') + '\n';

function download(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
  notify('info', `Exported ${name}`);
}
