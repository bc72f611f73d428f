/**
 * Puts rows in place of the keys that name them. Keys are compared as strings, as one service's `5` is another's `"5"`.
 *
 * Shape:  `rows` is a list, or a `Map` that `indexBy(rows, key)` built once, so that a loop over many objects stays
 *         linear. Fields and keys are read as own properties only.
 */
import { BgTasksError } from '../errors.js';

type Row = object;

export interface MergeOptions {
  /** Throw `MERGE_NOT_FOUND` where no row belongs to the field. Default: false. */
  raiseException?: boolean;
}

/** Rows by the text of their `key`; the first of several counts. Rows without it are left out. */
export function indexBy<T extends Row>(rows: Iterable<T>, key: string): Map<string, T> {
  const index = new Map<string, T>();
  for (const row of rows) {
    const value = own(row, key);
    if (value !== undefined && value !== null && !index.has(String(value))) index.set(String(value), row);
  }
  return index;
}

/**
 * The field of `target` becomes the row whose `key` it equals, and `target` is returned; or, where the field is a list,
 * the list among `rows` whose objects have the same set of keys. Nothing found: `target` stays as it is, and the result
 * is undefined.
 */
export function merge<T extends object>(
  target: T,
  field: string,
  rows: Iterable<Row | readonly Row[]> | ReadonlyMap<string, Row>,
  key: string,
  { raiseException = false }: MergeOptions = {},
): T | undefined {
  const value = own(target, field);
  const found = Array.isArray(value) ? listFor(value, rows, key) : rowFor(value, rows, key);
  if (found !== undefined) {
    (target as Record<string, unknown>)[field] = found;
    return target;
  }
  if (raiseException) throw new BgTasksError('MERGE_NOT_FOUND', 'Can not merge as data is not found', { field, key });
  return undefined;
}

function rowFor(value: unknown, rows: Iterable<unknown> | ReadonlyMap<string, Row>, key: string): Row | undefined {
  if (!isKey(value)) return undefined;
  if (rows instanceof Map) return rows.get(String(value));
  for (const row of rows) {
    if (isRow(row) && isKey(own(row, key)) && String(own(row, key)) === String(value)) return row;
  }
  return undefined;
}

/** An index has no lists of rows, but it can give the rows of a list of keys when it has them all. */
function listFor(keys: readonly unknown[], rows: Iterable<unknown> | ReadonlyMap<string, Row>, key: string) {
  if (rows instanceof Map) {
    const found = keys.map((each) => rows.get(String(each)) as Row | undefined);
    return found.every((row) => row !== undefined) ? found : undefined;
  }
  const wanted = textSet(keys);
  for (const list of rows) {
    if (Array.isArray(list) && isSameSet(textSet(list.map((row) => own(row, key))), wanted)) return list;
  }
  return undefined;
}

function textSet(values: readonly unknown[]): ReadonlySet<string> {
  return new Set(values.map(String));
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((value) => b.has(value));
}

function isKey(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(target: unknown, key: string): unknown {
  if (typeof target !== 'object' || target === null || !Object.hasOwn(target, key)) return undefined;
  return (target as Record<string, unknown>)[key];
}
