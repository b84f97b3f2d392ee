/** Which values of a dimension are shown; a dimension that is not listed is shown whole. */
export interface DimensionFilter { name: string; values: (string | null)[] }

export function readDimensions(query: URLSearchParams): DimensionFilter[] {
  return query.getAll('dim').flatMap(text => {
    try {
      const value = JSON.parse(text) as Partial<DimensionFilter> | null;
      const isFilter = typeof value?.name === 'string' && Array.isArray(value.values) && value.values.every(v => v === null || typeof v === 'string');
      return isFilter ? [{ name: value.name!, values: value.values! }] : [];
    } catch {
      return [];
    }
  });
}

export function writeDimensions(query: URLSearchParams, filters: readonly DimensionFilter[]): URLSearchParams {
  const next = new URLSearchParams(query);
  next.delete('dim');
  for (const f of filters) next.append('dim', JSON.stringify({ name: f.name, values: f.values }));
  return next;
}

/** Turns one value on or off; with all of them on there is no filter. */
export function toggleValue(filters: readonly DimensionFilter[], name: string, all: readonly (string | null)[], value: string | null): DimensionFilter[] {
  const current = filters.find(f => f.name === name)?.values ?? [...all];
  const values = current.includes(value) ? current.filter(v => v !== value) : [...current, value];
  return setValues(filters, name, all.every(v => values.includes(v)) ? null : values);
}

/** Sets the values of a dimension; null shows all. */
export const setValues = (filters: readonly DimensionFilter[], name: string, values: (string | null)[] | null): DimensionFilter[] =>
  [...filters.filter(f => f.name !== name), ...(values ? [{ name, values }] : [])];
