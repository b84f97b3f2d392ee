import { expect, test } from 'vitest';
import { activeFilters, readFilters, writeFilters } from '../src/lib/filters';
import { readDimensions, setValues, toggleValue, writeDimensions } from '../src/pages/metrics/dimensions';

test('filters survive the address', () => {
  const filters = [{ field: 'log.message', condition: 'contains' as const, value: 'a & b=c' }, { field: 'x', condition: 'equals' as const, value: '', off: true }];
  const query = new URLSearchParams(writeFilters(new URLSearchParams('level=Error'), filters).toString());
  expect(readFilters(query)).toEqual(filters);
  expect(query.get('level')).toBe('Error');
});

test('what is no filter is left out of the address', () => {
  expect(readFilters(new URLSearchParams([['filter', '{'], ['filter', 'null'], ['filter', '{"field":"a","condition":"drop","value":""}'], ['filter', '{"field":1}']]))).toEqual([]);
});

test('filters that are off are not asked for', () => {
  expect(activeFilters([{ field: 'a', condition: 'equals', value: '1', off: true }, { field: 'b', condition: 'lessThan', value: '2' }])).toEqual(['{"field":"b","condition":"lessThan","value":"2"}']);
});

test('turning a value of a dimension off keeps the others, and all of them on is no filter', () => {
  const all = ['a', 'b', null];
  const without = toggleValue([], 'd', all, null);
  expect(without).toEqual([{ name: 'd', values: ['a', 'b'] }]);
  expect(toggleValue(without, 'd', all, null)).toEqual([]);
  expect(setValues(without, 'd', [])).toEqual([{ name: 'd', values: [] }]);
  expect(readDimensions(writeDimensions(new URLSearchParams(), without))).toEqual(without);
  expect(readDimensions(new URLSearchParams([['dim', '{"name":"d","values":[1]}']]))).toEqual([]);
});
