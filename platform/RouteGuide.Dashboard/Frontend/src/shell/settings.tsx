import type { Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Imported } from '../api';
import { plural, timeFormat, utc } from '../lib/format';
import { messageOf, post, remove, session, toLogin, upload } from '../lib/http';
import { attempt, notify, settle } from '../lib/notices';
import { theme } from '../lib/theme';
import { Button } from '../ui/controls';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';

export function Settings({ onClose }: { onClose: () => void }) {
  const { authMode, version, limits } = session.value!;
  const logout = async () => {
    try {
      await post('/api/logout');
      toLogin();
    } catch (error) {
      notify('error', 'Logging out failed', messageOf(error));
    }
  };
  return (
    <Dialog title="Settings" onClose={onClose}>
      <Choice legend="Theme" name="theme" signal={theme} options={[['system', 'System'], ['light', 'Light'], ['dark', 'Dark']]} />
      <Choice legend="Time format" name="time" signal={timeFormat} options={[['system', 'System'], ['12', '12 hours'], ['24', '24 hours']]} />
      <label class="check"><input type="checkbox" checked={utc.value} onChange={e => (utc.value = e.currentTarget.checked)} />Show times in UTC</label>
      <section class="field">
        <h3>Telemetry</h3>
        <p class="hint">Kept in memory: {limits.maxLogs.toLocaleString('en-US')} logs, {limits.maxTraces.toLocaleString('en-US')} traces, {limits.maxMetricPoints.toLocaleString('en-US')} metric points per resource. What is older gives way.</p>
        <div class="row wrap">
          <a class="button outline" href="/api/telemetry/export" download data-testid="export"><Icon name="arrowDownload" class="small" />Export as zip</a>
          <Import />
          <Button look="outline" icon="delete" onClick={() => void attempt('All telemetry removed', () => remove('/api/telemetry'))}>Remove all telemetry</Button>
          {authMode === 'BrowserToken' && <Button look="outline" icon="signOut" onClick={logout}>Log out</Button>}
        </div>
      </section>
      <p class="dim">Version {version}</p>
    </Dialog>
  );
}

/** Takes in what was exported elsewhere, or a file of OTLP's JSON. */
function Import() {
  const field = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    const id = notify('progress', `Importing ${file.name}…`);
    try {
      const { files, logs, spans, metrics } = await upload<Imported>('/api/telemetry/import', file);
      settle(id, 'success', `Imported ${file.name}`, `${plural(files, 'file')}: ${plural(logs, 'log')}, ${plural(spans, 'span')}, ${plural(metrics, 'metric')}`);
    } catch (error) {
      settle(id, 'error', `${file.name} was not imported`, messageOf(error));
    }
    if (field.current) field.current.value = '';
  };
  return (
    <>
      <input ref={field} type="file" hidden accept=".zip,.json" data-testid="import" onChange={e => void take(e.currentTarget.files?.[0])} />
      <Button look="outline" icon="arrowUpload" onClick={() => field.current?.click()}>Import…</Button>
    </>
  );
}

function Choice<T extends string>({ legend, name, signal, options }: { legend: string; name: string; signal: Signal<T>; options: [T, string][] }) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {options.map(([value, label]) => (
        <label key={value}><input type="radio" name={name} value={value} checked={signal.value === value} onChange={() => (signal.value = value)} />{label}</label>
      ))}
    </fieldset>
  );
}
