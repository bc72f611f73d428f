/**
 * Sends the keys of one group, and reads the answer.
 *
 * Shape:  keys -> requests of at most `maxBatch` keys, some side by side -> rows by `keyId`.
 *         Read are the envelope `{ status: 'success', data: [...] }` and the bare list. Of two rows with one key the
 *         first counts; rows that nobody asked for are ignored, and so is null in place of a row.
 * Errors: those of the call; `TaskFailure` for `{ status: 'fail', data }` and `{ errors }`, which are the same failure;
 *         `BadReplyError` for anything else, and for a row that is no object or lacks the merge key: taking such rows
 *         for missing ones would hide a wrong `mergeKey` behind a response full of nulls.
 */
import type { RemoteSlot } from '../../fields/remote.js';
import { statusOf } from '../../lib/envelope.js';
import { BadReplyError, codeOf, preview, TaskFailure } from '../../lib/errors.js';
import type { AnyKey } from '../../lib/provider/remote-key.js';
import { writeRequest } from '../../lib/provider/remote-request.js';
import { KeyColumn } from '../../lib/remote/key-column.js';
import { type KeyId, keyId } from '../../lib/remote/key-id.js';
import type { Keys, Rows } from '../../lib/remote/key-map.js';
import { remoteFieldsOf, type ServiceLike } from '../service.js';
import { Deadline } from './deadline.js';
import type { CallReport } from './report.js';

export interface FetchOptions {
  readonly maxBatch: number;
  /** Milliseconds; undefined leaves it to the service. */
  readonly timeoutMs: number | undefined;
  /** Gets a line for every request that was made. */
  readonly calls?: CallReport[];
}

/** Requests of one response under way at once to one route: it leaves room for other responses. */
const CHUNKS_AT_ONCE = 16;

/** Without any key, nothing is sent. After a failure no further request is. */
export async function fetchRows(
  service: ServiceLike,
  field: RemoteSlot,
  wanted: Keys,
  { maxBatch, timeoutMs, calls = [] }: FetchOptions,
): Promise<Rows> {
  const keys = wanted.values();
  const rows = new KeyColumn<object>(wanted);
  const deadline = new Deadline();
  deadline.startWave();
  let next = 0;
  const sendRest = async () => {
    for (let isFirst = true; next < keys.length; isFirst = false) {
      const chunk = keys.slice(next, next + maxBatch);
      next += chunk.length;
      try {
        if (!isFirst) deadline.startWave();
        const leftMs = deadline.limit(field.route, timeoutMs, service.settings?.rpcTimeoutMs);
        await reported(calls, chunk.length, async () => {
          readRows(field, await send(service, field, chunk, leftMs), rows);
        });
      } catch (error) {
        next = keys.length;
        throw error;
      }
    }
  };
  const chunks = Math.ceil(keys.length / maxBatch);
  await Promise.all(Array.from({ length: Math.min(chunks, CHUNKS_AT_ONCE) }, sendRest));
  return rows;
}

function send(
  service: ServiceLike,
  field: RemoteSlot,
  keys: readonly unknown[],
  timeoutMs: number | undefined,
): Promise<unknown> {
  const { key, params } = field.options;
  const body = writeRequest({ keys: keys as AnyKey[], fields: fieldsOf(field), params }, key);
  const limits = { timeoutMs, rpcTimeoutMs: service.settings?.rpcTimeoutMs };
  return remoteFieldsOf(service)
    .route(field.route)
    .request(keys.length, limits, (leftMs) =>
      service.call(field.route, body, leftMs === undefined ? {} : { timeoutMs: leftMs }),
    );
}

async function reported(calls: CallReport[], keys: number, work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const report = (failure: { error?: string }) => calls.push({ keys, ms: performance.now() - startedAt, ...failure });
  try {
    await work();
    report({});
  } catch (error) {
    report({ error: codeOf(error) });
    throw error;
  }
}

/** The merge key is always asked for: nothing could be merged without it. */
function fieldsOf({ options, keys }: RemoteSlot): readonly string[] | undefined {
  const fields: readonly string[] | undefined = options.fields;
  return fields === undefined ? undefined : [...new Set([...fields, ...keys.names])];
}

function readRows(field: RemoteSlot, answer: unknown, rows: KeyColumn<object>): void {
  const fields: readonly string[] | undefined = field.options.fields;
  for (const row of listOf(field.route, answer)) {
    if (row === null) continue;
    const key = keyOfRow(field, row);
    rows.add(key, fields ? picked(row as object, fields) : (row as object));
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
  if (key !== undefined) return keyId(key);
  const names = keys.names.map((name) => `"${name}"`).join(', ');
  throw new BadReplyError(route, `expected objects with a key in ${names}, got ${preview(row)}`);
}

/** A provider may answer more than was asked; the type of the slot says it holds `fields` alone. */
function picked(row: object, fields: readonly string[]): object {
  return Object.fromEntries(
    fields.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name as never]]),
  );
}
