import { useEffect, useState } from 'preact/hooks';
import type { FieldInfo, FilterCondition } from '../api';
import { conditions, describeFilter, readFilters, writeFilters, type FilterItem } from '../lib/filters';
import { get, messageOf, query } from '../lib/http';
import { notify } from '../lib/notices';
import { href, location, navigate } from '../lib/router';
import { Button } from './controls';
import { Dialog } from './dialog';
import { MenuItem, MenuSeparator, Popover } from './popover';

const store = (filters: readonly FilterItem[]) => navigate(href(location.peek().path, writeFilters(location.peek().query, filters)));

/** The filters of a page of telemetry, kept in the address; `kind` says whose fields can be chosen. */
export function FilterBar({ kind, resource }: { kind: 'logs' | 'traces'; resource: string }) {
  const filters = readFilters(location.value.query);
  const [edited, setEdited] = useState<number | null>(null);
  const change = (at: number, next: FilterItem | null) => {
    const all = [...filters];
    if (next) all[at] = next;
    else all.splice(at, 1);
    store(all);
  };
  return (
    <>
      <Popover icon="filter" look="outline" label="Filters" text={filters.length > 0 ? <span class="pill">{filters.length}</span> : undefined}>
        {close => (
          <>
            <MenuItem icon="add" onClick={() => {
              close();
              setEdited(filters.length);
            }}>Add a filter</MenuItem>
            {filters.length > 0 && <MenuSeparator />}
            {filters.map((f, i) => <MenuItem key={i} icon={f.off ? 'circle' : 'checkmark'} onClick={() => {
              close();
              setEdited(i);
            }}>{describeFilter(f)}</MenuItem>)}
            {filters.length > 0 && <><MenuSeparator /><MenuItem icon="delete" onClick={() => {
              close();
              store([]);
            }}>Remove all</MenuItem></>}
          </>
        )}
      </Popover>
      {edited !== null && (
        <FilterDialog kind={kind} resource={resource} filter={filters[edited] ?? null} onClose={() => setEdited(null)}
          onChange={next => {
            change(edited, next);
            setEdited(null);
          }} />
      )}
    </>
  );
}

interface DialogProps { kind: 'logs' | 'traces'; resource: string; filter: FilterItem | null; onChange: (next: FilterItem | null) => void; onClose: () => void }

function FilterDialog({ kind, resource, filter, onChange, onClose }: DialogProps) {
  const [fields, setFields] = useState<FieldInfo[]>([]);
  const [values, setValues] = useState<{ value: string; count: number }[]>([]);
  const [field, setField] = useState(filter?.field ?? (kind === 'logs' ? 'log.message' : 'span.name'));
  const [condition, setCondition] = useState<FilterCondition>(filter?.condition ?? 'contains');
  const [value, setValue] = useState(filter?.value ?? '');
  const failed = (error: unknown) => notify('error', 'The fields could not be read', messageOf(error));
  useEffect(() => void get<FieldInfo[]>(`/api/${kind}/fields${query({ resource })}`).then(setFields, failed), [kind, resource]);
  useEffect(() => {
    // The answer for a field that was left meanwhile is of no use.
    const abort = new AbortController();
    setValues([]);
    get<typeof values>(`/api/${kind}/values${query({ resource, field })}`, abort.signal).then(setValues, error => {
      if (!abort.signal.aborted) failed(error);
    });
    return () => abort.abort();
  }, [kind, resource, field]);
  const known = fields.some(f => f.field === field) ? fields : [{ field, label: field, builtIn: true }, ...fields];
  const options = (builtIn: boolean) => known.filter(f => f.builtIn === builtIn).map(f => <option key={f.field} value={f.field}>{f.label}</option>);
  return (
    <Dialog title={filter ? 'Change the filter' : 'Add a filter'} submit="Apply" onClose={onClose} onSubmit={() => onChange({ field, condition, value, ...(filter?.off ? { off: true } : {}) })}>
      <div class="field">
        <label for="filter-field">Parameter</label>
        <select id="filter-field" class="select" value={field} onChange={e => setField(e.currentTarget.value)}>
          <optgroup label="Built in">{options(true)}</optgroup>
          {known.some(f => !f.builtIn) && <optgroup label="Attributes">{options(false)}</optgroup>}
        </select>
      </div>
      <div class="field">
        <label for="filter-condition">Condition</label>
        <select id="filter-condition" class="select" value={condition} onChange={e => setCondition(e.currentTarget.value as FilterCondition)}>
          {Object.entries(conditions).map(([name, label]) => <option key={name} value={name}>{label}</option>)}
        </select>
      </div>
      <div class="field">
        <label for="filter-value">Value</label>
        <input id="filter-value" class="input" list="filter-values" value={value} autocomplete="off" onInput={e => setValue(e.currentTarget.value)} />
        <datalist id="filter-values">{values.map(v => <option key={v.value} value={v.value}>{`${v.count}×`}</option>)}</datalist>
      </div>
      {filter && (
        <div class="row">
          <Button look="outline" onClick={() => onChange({ ...filter, off: !filter.off })}>{filter.off ? 'Turn on' : 'Turn off'}</Button>
          <Button look="outline" icon="delete" onClick={() => onChange(null)}>Remove</Button>
        </div>
      )}
    </Dialog>
  );
}
