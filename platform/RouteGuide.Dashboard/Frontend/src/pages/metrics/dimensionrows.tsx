import type { MetricSeries } from '../../api';
import { Button } from '../../ui/controls';
import { Popover } from '../../ui/popover';
import { setValues, toggleValue, type DimensionFilter } from './dimensions';

const labelOf = (value: string | null) => (value === null ? '(unset)' : value === '' ? '(empty)' : value);
const shownPills = 6;

interface Props { dimensions: MetricSeries['dimensions']; filters: DimensionFilter[]; onChange: (next: DimensionFilter[]) => void }

/** One row per dimension: which of its values count. */
export function Dimensions({ dimensions, filters, onChange }: Props) {
  return (
    <div class="card dimensions">
      <div class="card-head">Filters{filters.length > 0 && <Button onClick={() => onChange([])}>Reset</Button>}</div>
      {dimensions.map(d => {
        const all = d.values.map(v => v.value);
        const chosen = filters.find(f => f.name === d.name)?.values ?? all;
        return (
          <div class="dimension" key={d.name}>
            <span class="name" title={d.name}>{d.name}</span>
            <span class="row wrap pills">
              {chosen.length === 0 ? <span class="dim">none</span> : chosen.length === all.length ? <span class="badge">All ({all.length})</span>
                : chosen.slice(0, shownPills).map(v => <span key={String(v)} class="badge info">{labelOf(v)}</span>)}
              {chosen.length < all.length && chosen.length > shownPills && <span class="dim">and {chosen.length - shownPills} more</span>}
            </span>
            <Popover kind="dialog" icon="filter" look="outline" label={`Filter by ${d.name}`}>
              {() => (
                <div class="pad">
                  <label class="check"><input type="checkbox" checked={chosen.length === all.length} onChange={e => onChange(setValues(filters, d.name, e.currentTarget.checked ? null : []))} />(All)</label>
                  {d.values.map(v => (
                    <label class="check" key={String(v.value)}>
                      <input type="checkbox" checked={chosen.includes(v.value)} onChange={() => onChange(toggleValue(filters, d.name, all, v.value))} />
                      <span class="ellipsis">{labelOf(v.value)}</span><span class="dim">{v.points}</span>
                    </label>
                  ))}
                </div>
              )}
            </Popover>
          </div>
        );
      })}
    </div>
  );
}
