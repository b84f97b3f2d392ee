import { computed } from '@preact/signals';
import { resources, telemetry } from '../lib/stores';
import { setQuery } from '../lib/router';
import { isValue } from '../pages/resources/model';

/** All that has a name: what the app host runs and what sends telemetry; each name with its instances. */
export const applications = computed(() => {
  const groups = new Map<string, Set<string>>();
  const add = (name: string, instance: string) => {
    const group = groups.get(name) ?? new Set<string>();
    groups.set(name, group.add(instance));
  };
  for (const r of resources.value.values()) if (!r.hidden && !isValue(r)) add(r.displayName, r.name);
  for (const t of telemetry.value.resources) add(t.name, t.instance);
  return [...groups].map(([name, instances]) => ({ name, instances: [...instances].sort() })).sort((a, b) => a.name.localeCompare(b.name));
});

/** Chooses a resource: one instance, or a name that stands for all of its instances. */
export function ResourceSelect({ value, onChange, all = '(All)' }: { value: string; onChange?: (value: string) => void; all?: string | null }) {
  const known = applications.value;
  const isKnown = !value || known.some(a => a.name === value || a.instances.includes(value));
  return (
    <select class="select" aria-label="Resource" data-testid="resource-select" value={value}
      onChange={e => (onChange ? onChange(e.currentTarget.value) : setQuery({ resource: e.currentTarget.value }, false))}>
      {all !== null && <option value="">{all}</option>}
      {!isKnown && <option value={value}>{value}</option>}
      {known.map(a => {
        const [only] = a.instances;
        // A link may name either; the option takes the name that came.
        if (a.instances.length === 1) return <option key={a.name} value={value === only ? only : a.name}>{a.name}</option>;
        return (
          <optgroup key={a.name} label={a.name}>
            <option value={a.name}>{`${a.name} (all ${a.instances.length})`}</option>
            {a.instances.map(i => <option key={i} value={i}>{i}</option>)}
          </optgroup>
        );
      })}
    </select>
  );
}
