/**
 * Sends the keys of one group, and reads the answer.
 *
 * Shape:  keys -> requests of at most `maxBatch` keys, side by side -> rows by the id of their key.
 *         Read are the envelope `{ status: 'success', data: [...] }` and the bare list. Of two rows with one key the
 *         first counts; rows that nobody asked for are ignored, and so is null in place of a row.
 * Errors: those of the call; `TaskFailure` for `{ status: 'fail', data }` and `{ errors }`, which are the same failure;
 *         `BadReplyError` for anything else, and for a row that is no object or lacks the merge key: taking such rows
 *         for missing ones would hide a wrong `mergeKey` behind a response full of nulls.
 */
import type { RemoteSlot } from '../../fields/remote.js';
import { statusOf } from '../../lib/envelope.js';
import { BadReplyError, preview, TaskFailure } from '../../lib/errors.js';
import type { AnyKey, KeyId } from '../../lib/provider/remote-key.js';
import { writeRequest } from '../../lib/provider/remote-request.js';
import type { ServiceLike } from '../service.js';

export interface FetchOptions {
  readonly maxBatch: number;
  /** Milliseconds; undefined leaves it to the service. */
  readonly timeoutMs: number | undefined;
}

/** `keys` are distinct. Without any, nothing is sent. */
export async function fetchRows(
  service: ServiceLike,
  field: RemoteSlot,
  keys: readonly unknown[],
  { maxBatch, timeoutMs }: FetchOptions,
): Promise<Map<KeyId, object>> {
  const { key, fields, params } = field.options;
  const rows = new Map<KeyId, object>();
  const chunks: Promise<void>[] = [];
  for (let start = 0; start < keys.length; start += maxBatch) {
    const body = writeRequest(
      { keys: keys.slice(start, start + maxBatch) as AnyKey[], fields: wanted(field), params },
      key,
    );
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    const call = service.call(field.route, body, options);
    chunks.push(call.then((answer) => readRows(field, answer, rows)));
  }
  await Promise.all(chunks);
  return fields ? picked(rows, fields) : rows;
}

/** The merge key is always asked for: nothing could be merged without it. */
function wanted({ options, keys }: RemoteSlot): readonly string[] | undefined {
  const fields: readonly string[] | undefined = options.fields;
  return fields === undefined ? undefined : [...new Set([...fields, ...keys.names])];
}

function readRows(field: RemoteSlot, answer: unknown, rows: Map<KeyId, object>): void {
  for (const row of listOf(field.route, answer)) {
    if (row === null) continue;
    const key = keyOfRow(field, row);
    if (!rows.has(key)) rows.set(key, row as object);
  }
}

function listOf(route: string, answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  const status = statusOf(answer);
  if (status === 'fail') throw new TaskFailure((answer as { data?: unknown }).data, { route });
  if (status === 'success') {
    const { data } = answer as { data?: unknown };
    if (Array.isArray(data)) return data;
  }
  if (!status && typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'errors')) {
    throw new TaskFailure((answer as { errors: unknown }).errors, { route });
  }
  throw new BadReplyError(
    route,
    `expected a list of objects, or { status: "success", data: [...] }, got ${preview(answer)}`,
  );
}

function keyOfRow({ route, keys }: RemoteSlot, row: unknown): KeyId {
  const key = keys.ofRow(row);
  if (key !== undefined) return keys.id(key);
  const names = keys.names.map((name) => `"${name}"`).join(', ');
  throw new BadReplyError(route, `expected objects with a key in ${names}, got ${preview(row)}`);
}

/** A provider may answer more than was asked; the type of the slot says it holds `fields` alone. */
function picked(rows: ReadonlyMap<KeyId, object>, fields: readonly string[]): Map<KeyId, object> {
  const pick = (row: object) =>
    Object.fromEntries(fields.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name as never]]));
  return new Map(Array.from(rows, ([key, row]) => [key, pick(row)]));
}
