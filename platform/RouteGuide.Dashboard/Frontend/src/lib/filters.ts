import type { Filter, FilterCondition } from '../api';

/** A filter of the filter dialog; one that is off is kept but not asked for. */
export interface FilterItem extends Filter { off?: boolean }

export const conditions: Record<FilterCondition, string> = {
  equals: 'is', notEquals: 'is not', contains: 'contains', notContains: 'does not contain', greaterThan: '>', greaterThanOrEqual: '≥', lessThan: '<', lessThanOrEqual: '≤',
};

/** In the address: one JSON text per filter. What somebody wrote there by hand and is no filter is left out. */
export function readFilters(query: URLSearchParams): FilterItem[] {
  return query.getAll('filter').flatMap(text => {
    try {
      const value = JSON.parse(text) as Partial<FilterItem> | null;
      const isFilter = typeof value?.field === 'string' && typeof value.value === 'string' && typeof value.condition === 'string' && value.condition in conditions;
      return isFilter ? [{ field: value.field!, condition: value.condition!, value: value.value!, ...(value.off ? { off: true } : {}) }] : [];
    } catch {
      return [];
    }
  });
}

export function writeFilters(query: URLSearchParams, filters: readonly FilterItem[]): URLSearchParams {
  const next = new URLSearchParams(query);
  next.delete('filter');
  for (const f of filters) next.append('filter', JSON.stringify(f));
  return next;
}

/** What the backend is asked for: those that are on. */
export const activeFilters = (filters: readonly FilterItem[]): string[] =>
  filters.filter(f => !f.off).map(({ field, condition, value }) => JSON.stringify({ field, condition, value }));

export const describeFilter = (f: Filter) => `${f.field} ${conditions[f.condition]} ${f.value || '(empty)'}`;
