/**
 * What stands in a slot.
 *
 * | | one key | `many` |
 * |---|---|---|
 * | the object came | the object | a list of the objects, in the order of the keys |
 * | missing, by default | null | left out of the list |
 * | missing, `null` | null | null, at the place of its key |
 * | missing, `drop` | (for lists) | left out of the list |
 * | missing, `pk` | the key | the key |
 * | missing, `error` | the response fails with `REMOTE_MISSING` | the same |
 * | the call failed, `raise` | the response fails with that error | the same |
 * | the call failed, `null` | null | null |
 * | the call failed, `pk` | the key | the list of keys |
 *
 * Slots with the same key share one object: whoever changes it changes them all.
 */
import type { RemoteSlot } from '../../fields/remote.js';
import { BgTasksError } from '../../lib/errors.js';
import type { AnyKey } from '../../lib/provider/remote-key.js';
import { keyId } from '../../lib/remote/key-id.js';
import { KeyMap, type Rows } from '../../lib/remote/key-map.js';
import type { Policy } from './policy.js';

/** The keys of a slot: none, one, or those of a list. */
export function keysOf({ isMany, keys }: RemoteSlot, value: unknown): readonly AnyKey[] {
  const items = isMany ? value : [value];
  if (!Array.isArray(items)) return [];
  return items.map((item) => keys.of(item)).filter((key) => key !== undefined);
}

export function filled(field: RemoteSlot, value: unknown, rows: Rows, policy: Policy): unknown {
  if (!field.isMany) return show(field, value, rows, policy);
  const shown = Array.isArray(value) ? value.map((item) => show(field, item, rows, policy)) : [];
  return policy.onMissing === 'null' ? shown : shown.filter((row) => row !== null);
}

/** A slot without keys needs no call, so that none can fail for it. */
export function failed(field: RemoteSlot, value: unknown, policy: Policy): unknown {
  if (keysOf(field, value).length === 0) return filled(field, value, NO_ROWS, policy);
  return policy.onError === 'pk' ? value : null;
}

const NO_ROWS: Rows = new KeyMap();

function show(field: RemoteSlot, item: unknown, rows: Rows, policy: Policy): unknown {
  const key = field.keys.of(item);
  return key === undefined ? null : rowOf(field, key, rows, policy);
}

function rowOf(field: RemoteSlot, key: AnyKey, rows: Rows, { onMissing }: Policy): unknown {
  const id = keyId(key);
  const row = rows.get(id);
  if (row !== undefined) return row;
  if (onMissing === 'pk') return key;
  if (onMissing !== 'error') return null;
  throw new BgTasksError('REMOTE_MISSING', `"${field.route}" did not answer the object with key ${id}.`, {
    route: field.route,
    key,
  });
}
