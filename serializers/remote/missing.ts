/**
 * What stands in a slot.
 *
 * | | one key | `many` |
 * |---|---|---|
 * | the object came | the object | a list of the objects, in the order of the keys |
 * | missing, `null` | null | left out of the list |
 * | missing, `pk` | the key | the key |
 * | missing, `error` | the response fails with `REMOTE_MISSING` | the same |
 * | the call failed, `raise` | the response fails with that error | the same |
 * | the call failed, `null` | null | null |
 * | the call failed, `pk` | the key | the list of keys |
 *
 * Slots with the same key share one object: whoever changes it changes them all.
 */
import { isKey, type RemoteSlot } from '../../fields/remote.js';
import { BgTasksError } from '../../lib/errors.js';
import type { Policy } from './policy.js';

/** Rows of one group by `String(key)`. */
export type Rows = ReadonlyMap<string, unknown>;

/** The keys of a slot: none, one, or those of a list. */
export function keysOf(field: RemoteSlot, value: unknown): readonly unknown[] {
  if (!field.options.many) return isKey(value) ? [value] : [];
  return Array.isArray(value) ? value.filter(isKey) : [];
}

export function filled(field: RemoteSlot, value: unknown, rows: Rows, policy: Policy): unknown {
  if (!field.options.many) return isKey(value) ? rowOf(field, value, rows, policy) : null;
  return keysOf(field, value).flatMap((key) => {
    const row = rowOf(field, key, rows, policy);
    return row === null ? [] : [row];
  });
}

export function failed(value: unknown, policy: Policy): unknown {
  return policy.onError === 'pk' ? value : null;
}

function rowOf(field: RemoteSlot, key: unknown, rows: Rows, { onMissing }: Policy): unknown {
  const row = rows.get(String(key));
  if (row !== undefined) return row;
  if (onMissing === 'null') return null;
  if (onMissing === 'pk') return key;
  throw new BgTasksError('REMOTE_MISSING', `"${field.route}" did not answer the object with key ${String(key)}.`, {
    route: field.route,
    key,
  });
}
