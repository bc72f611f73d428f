/**
 * The provider of a remote field: primary keys in, objects out.
 *
 * Shape:  reads every form of key request, finds the rows, answers `{ status: 'success', data: rows }`; a request that
 *         cannot be read is answered `{ status: 'fail', data: errors }`. Rows may be a serializer.
 */
import { type Envelope, fail, success } from '../envelope.js';
import { BgTasksError, preview } from '../errors.js';
import type { Key, ProviderBody } from '../tasks/remotes.js';
import type { Handler, TaskContext } from '../tasks/task.js';
import { ValidationError } from '../validation-error.js';
import { type RemoteRequest, readRequest } from './remote-request.js';
import { findByKeys, type RepositoryLike } from './repository.js';

/** Anything with a promise of JSON-ready data: every serializer. */
export interface Serializable<D = unknown> {
  readonly data: Promise<D>;
}

export interface ProviderRequest<K extends Key = Key> {
  readonly keys: readonly K[];
  /** Properties that the caller wants; undefined means all. */
  readonly fields: readonly string[] | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ProvideOptions<T> {
  /** Limits what this caller may see: `({ caller }) => ({ tenant: caller.tenant })`. */
  where?: (context: TaskContext) => Partial<T>;
  /** The most keys in one request. Default: 10,000. */
  maxKeys?: number;
}

type MaybePromise<T> = T | Promise<T>;

export interface ProvideFn {
  /** Rows of a TypeORM repository by primary key: one query, and only the columns that were asked for. */
  <T extends { id: Key }>(
    repository: RepositoryLike<T>,
    options?: ProvideOptions<T>,
  ): Handler<ProviderBody<T['id']>, Promise<Envelope<T[]>>>;
  /** Keys are numbers unless the parameter says otherwise: `({ keys }: ProviderRequest<string>) => ...`. */
  <T extends object, K extends Key = number>(
    find: (request: ProviderRequest<K>, context: TaskContext) => MaybePromise<Iterable<T> | Serializable<T[]>>,
    options?: Pick<ProvideOptions<T>, 'maxKeys'>,
  ): Handler<ProviderBody<K>, Promise<Envelope<T[]>>>;
}

type Find = (request: ProviderRequest, context: TaskContext) => MaybePromise<Iterable<object> | Serializable<object[]>>;

const MAX_KEYS = 10_000;

/** The handler of a provider: `rpcTask('images.get')(provide(repository))`, or with a function that finds the rows. */
export const provide: ProvideFn = ((source: Find | RepositoryLike<object>, options: ProvideOptions<object> = {}) => {
  const find: Find =
    typeof source === 'function'
      ? source
      : ({ keys, fields }, context) => findByKeys(source, keys, fields, options.where?.(context));
  return async (body: unknown, context: TaskContext): Promise<Envelope<unknown[]>> => {
    let request: RemoteRequest;
    try {
      request = readRequest(body, options.maxKeys ?? MAX_KEYS);
    } catch (error) {
      if (error instanceof ValidationError) return fail(error.byField);
      throw error;
    }
    const { keys, fields, params = {} } = request;
    return success(await rowsOf(await find({ keys, fields, params }, context), context.route));
  };
}) as ProvideFn;

async function rowsOf(found: unknown, route: string): Promise<unknown[]> {
  const isSerializable = typeof found === 'object' && found !== null && 'data' in found;
  const rows = isSerializable ? await (found as Serializable).data : found;
  if (typeof rows === 'object' && rows !== null && Symbol.iterator in rows) return [...(rows as Iterable<unknown>)];
  const message = `The provider of "${route}" must return a list of objects or a serializer, not ${preview(rows)}.`;
  throw new BgTasksError('USAGE', message, { route });
}
