/**
 * The names of bgtasks (Python), each a few lines over the core. `lib/index.ts` re-exports them.
 * Where both spellings exist, ours (`success`, `fail`, `isSuccess`, `call`) are the ones to use in new code.
 */

import { FAIL, type Fail, SUCCESS, type Success, statusOf } from '../envelope.js';
import { BgTasksError, preview } from '../errors.js';
import { loadTasks } from '../loader/load-tasks.js';
import { type MergeOptions, merge } from '../remote/merge.js';
import { service as defaultService, jobTask, rpcTask } from '../service/default-service.js';
import type { Service } from '../service/service.js';
import type { EnqueueFn, JobTaskFn } from '../tasks/job.js';
import type { CallFn } from '../tasks/remotes.js';
import type { RpcTaskFn } from '../tasks/rpc.js';

/** `rpcTask` under its Python name. */
export const rpcTasks: RpcTaskFn = rpcTask;

/** `jobTask` under its Python name. */
export const jobTasks: JobTaskFn = jobTask;

/** `RPCClient.call(route, body)` is `call(route, body)`; an instance calls through the service that it is given. */
export class RPCClient {
  readonly call: CallFn;

  constructor(service: Service = defaultService) {
    this.call = service.call;
  }

  static readonly call: CallFn = defaultService.call;
}

/** `JobClient.call(route, body)` is `enqueue(route, body)`; an instance enqueues through the service that it is given. */
export class JobClient {
  readonly call: EnqueueFn;

  constructor(service: Service = defaultService) {
    this.call = service.enqueue;
  }

  static readonly call: EnqueueFn = defaultService.enqueue;
}

interface ResponseOf {
  <T>(parts: { data: T; errors?: undefined }): Success<T>;
  <E>(parts: { errors: E; data?: undefined }): Fail<E>;
  new <T>(parts: { data: T; errors?: undefined }): Success<T>;
  new <E>(parts: { errors: E; data?: undefined }): Fail<E>;
}

/**
 * `RPCResponse({ data })` is `{ status: 'success', data }`, `RPCResponse({ errors })` is `{ status: 'fail', data: errors }`.
 * With or without `new`: a plain object. Neither or both is a usage error.
 */
export const RPCResponse = function RPCResponse({ data, errors }: { data?: unknown; errors?: unknown } = {}) {
  if ((data === undefined) === (errors === undefined)) {
    throw new BgTasksError('USAGE', 'RPCResponse takes either { data } or { errors }: exactly one of the two.');
  }
  return errors === undefined ? { status: SUCCESS, data } : { status: FAIL, data: errors };
} as unknown as ResponseOf;

/** `Response(data, status)`: the envelope of an answer. */
export function Response<const T, const S extends 'success' | 'fail' = 'success'>(
  data: T,
  status: S = SUCCESS as S,
): S extends 'fail' ? Fail<T> : Success<T> {
  if (status === SUCCESS || status === FAIL) return { status, data } as S extends 'fail' ? Fail<T> : Success<T>;
  throw new BgTasksError('USAGE', `Response: the status must be "success" or "fail", not ${preview(status)}.`);
}

/** `RPCStatus.isSuccess(answer)`: true for `{ status: 'success' }` and for the bare status; false for all else. */
export const RPCStatus = {
  isSuccess: (answer: unknown): boolean => answer === SUCCESS || statusOf(answer) === SUCCESS,
};

/** `merge` for one key in a plain object: `mergeDict({ product: 5 }, 'product', [{ id: 5, name: 'Product 5' }], 'id')`. */
export function mergeDict<T extends object>(
  target: T,
  field: string,
  rows: Iterable<object> | ReadonlyMap<string, object>,
  key: string,
  options?: MergeOptions,
): T | undefined {
  return merge(target, field, rows, key, options);
}

/** `mergeDict` for class instances. */
export const mergeObj = mergeDict;

const loaded = new Map<string, Promise<unknown>>();

/**
 * For tests: loads the modules that `npx bgtasks tasks` would find, or those of `paths`. Again (in every `beforeEach`) it
 * does nothing.
 */
export async function registerTasks(...paths: readonly (string | readonly string[])[]): Promise<void> {
  const flat = paths.flat();
  const key = JSON.stringify([process.cwd(), flat]);
  const loading = loaded.get(key) ?? loadTasks(defaultService, { paths: flat.length > 0 ? flat : undefined });
  loaded.set(key, loading);
  await loading.catch((error) => {
    loaded.delete(key);
    throw error;
  });
}
