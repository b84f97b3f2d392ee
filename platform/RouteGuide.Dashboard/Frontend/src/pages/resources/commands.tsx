import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { CommandInput, CommandResult, Resource, ResourceCommand } from '../../api';
import { messageOf, post } from '../../lib/http';
import { notify, settle } from '../../lib/notices';
import { Button } from '../../ui/controls';
import { Dialog } from '../../ui/dialog';
import { kindOf } from './model';

type Value = string | number | boolean;

/** What is asked for before a command runs. */
const asked = signal<{ resource: Resource; command: ResourceCommand } | null>(null);

/** Runs a command; first asks for its arguments and for the confirmation, where it wants them. */
export function invoke(resource: Resource, command: ResourceCommand) {
  if (command.inputs.length > 0 || command.confirmation) asked.value = { resource, command };
  else void run(resource, command);
}

async function run(resource: Resource, command: ResourceCommand, values?: Record<string, Value>) {
  const subject = kindOf(command.name) === 'scale' ? resource.displayName : resource.name;
  const title = `${command.displayName} ${subject}`;
  const notice = notify('progress', `${title}…`);
  try {
    const { kind, message, result } = await post<CommandResult>(
      `/api/resources/${encodeURIComponent(resource.name)}/commands/${encodeURIComponent(command.name)}`, values ? { arguments: values } : {});
    const response = result && result.value ? result : null;
    if (kind === 'Succeeded') settle(notice, 'success', `${title}: done`, message, response);
    else if (kind === 'Cancelled') settle(notice, 'info', `${title}: cancelled`, message, response);
    else settle(notice, 'error', `${title}: failed`, message ?? (kind === 'InvalidArguments' ? 'The arguments are not valid.' : 'No reason was given.'), response);
  } catch (error) {
    settle(notice, 'error', `${title}: failed`, messageOf(error));
  }
}

/** The dialog of the command that is asked about, if any. One for the whole page, so that rows which come and go do not close it. */
export function CommandDialogs() {
  const now = asked.value;
  return now && <CommandDialog key={`${now.resource.name} ${now.command.name}`} {...now} onClose={() => (asked.value = null)} />;
}

function CommandDialog({ resource, command, onClose }: { resource: Resource; command: ResourceCommand; onClose: () => void }) {
  // What is typed lives here: a new state of the resource does not touch it.
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(command.inputs.map(i => [i.name, i.value])));
  const submit = () => {
    const given = command.inputs.filter(i => values[i.name] !== '' || i.required).map(i => [i.name, typed(i, values[i.name])] as const);
    onClose();
    void run(resource, command, command.inputs.length > 0 ? Object.fromEntries(given) : undefined);
  };
  const subject = kindOf(command.name) === 'scale' ? resource.displayName : resource.name;
  return (
    <Dialog title={`${command.displayName} ${subject}`} submit={command.displayName} onSubmit={submit} onClose={onClose}>
      {command.confirmation && <p>{command.confirmation}</p>}
      {command.description && <p class="dim">{command.description}</p>}
      {command.inputs.map(i => <Input key={i.name} input={i} value={values[i.name]} onChange={v => setValues(old => ({ ...old, [i.name]: v }))} />)}
    </Dialog>
  );
}

const typed = (input: CommandInput, value: string): Value => (input.type === 'Number' && value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : input.type === 'Boolean' ? value === 'true' : value);

function Input({ input: i, value, onChange }: { input: CommandInput; value: string; onChange: (value: string) => void }) {
  const id = `input-${i.name}`;
  const common = { id, name: i.name, required: i.required, disabled: i.disabled, placeholder: i.placeholder || undefined };
  const step = (by: number) => onChange(String(Math.max(0, (Number(value) || 0) + by)));
  if (i.type === 'Boolean') {
    return <label class="check"><input type="checkbox" {...common} required={false} checked={value === 'true'} onChange={e => onChange(String(e.currentTarget.checked))} />{i.label || i.name}</label>;
  }
  return (
    <div class="field">
      <label for={id}>{i.label || i.name}</label>
      {i.type === 'Choice' && !i.allowCustomChoice ? (
        <select class="select" {...common} value={value} onChange={e => onChange(e.currentTarget.value)}>
          {!i.required && <option value="" />}
          {i.options.map(o => <option key={o.value} value={o.value}>{o.label}</option>)}
        </select>
      ) : i.type === 'Number' ? (
        <span><span class="stepper">
          <Button icon="subtract" label="Less" onClick={() => step(-1)} />
          <input type="number" {...common} value={value} onInput={e => onChange(e.currentTarget.value)} autofocus />
          <Button icon="add" label="More" onClick={() => step(1)} />
        </span></span>
      ) : i.type === 'SecretText' ? (
        <input class="input" type="password" {...common} maxlength={i.maxLength ?? undefined} value={value} onInput={e => onChange(e.currentTarget.value)} autocomplete="off" />
      ) : (
        <input class="input" type="text" {...common} maxlength={i.maxLength ?? undefined} list={`${id}-options`} value={value} onInput={e => onChange(e.currentTarget.value)} autocomplete="off" />
      )}
      {i.allowCustomChoice && <datalist id={`${id}-options`}>{i.options.map(o => <option key={o.value} value={o.value}>{o.label}</option>)}</datalist>}
      {i.description && <span class="hint">{i.description}</span>}
    </div>
  );
}
