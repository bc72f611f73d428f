/**
 * The provider of a remote field: primary keys in, objects out.
 *
 * Shape:  reads every form of key request, finds the rows, answers `{ status: 'success', data: rows }` with the `fields`
 *         that were asked for. Rows may be a serializer.
 * Errors: a request that cannot be read, or asks for fields that are not there, is answered
 *         `{ status: 'fail', data: errors }`, and so is a `ValidationError` of the function. A missing row is no error.
 */
import { type Envelope, fail, success } from '../envelope.js';
import { BgTasksError, preview } from '../errors.js';
import type { CompositeKey, Key, ProviderBody } from '../tasks/remotes.js';
import type { Handler, TaskContext } from '../tasks/task.js';
import { ValidationError } from '../validation-error.js';
import { markInvalidating } from './invalidating.js';
import { type AnyKey, type KeyForm, keyForm } from './remote-key.js';
import { readRequest } from './remote-request.js';
import { type RepositoryLike, repositoryRows } from './repository.js';

/** Anything with a promise of JSON-ready data: every serializer. */
export interface Serializable<D = unknown> {
  readonly data: Promise<D>;
}

export interface ProviderRequest<K extends Key | CompositeKey = Key> {
  readonly keys: readonly K[];
  /** Properties that the caller wants; undefined means all. The answer is cut to them in any case. */
  readonly fields: readonly string[] | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Of any provider. */
export interface RequestOptions {
  /** The most keys in one request. Default: 10,000. */
  maxKeys?: number;
  /** Another name for `ids`, as a caller may have it: the `key` of its `RemoteField`. */
  key?: string;
}

export interface ProvideOptions<T> extends RequestOptions {
  /**
   * Limits what this caller may see: `({ caller }) => ({ tenant: caller.tenant })`; a list is any of its members. Rows
   * outside of it are missing, and nothing tells them from those that are not there.
   */
  where?: (context: TaskContext) => MaybePromise<Where<T> | readonly Where<T>[]>;
  /**
   * Columns with `select: false` that are given to who asks for them by name in `fields`; one of an embedded object by
   * its path, `size.depth`. Default: none.
   */
  expose?: readonly ((keyof T & string) | `${keyof T & string}.${string}`)[];
  /**
   * Tells the caches of all services which rows have changed, after the commit of who changes them through TypeORM in a
   * process that serves the task. Default: false.
   */
  invalidate?: boolean;
}

/** Conditions by property, as TypeORM's `where` has them: values, operators such as `In()`, those of related objects. */
export type Where<T> = { readonly [K in keyof T]?: Condition<NonNullable<T[K]>> };
type Condition<V> =
  | V
  | FindOperatorLike
  | (V extends Scalar ? never : V extends readonly (infer I)[] ? Where<I> : Where<V>);
type Scalar = string | number | boolean | bigint | symbol | Date;

/** What `In()`, `Not()` and their like of TypeORM give. */
interface FindOperatorLike {
  readonly '@instanceof': symbol;
}

type MaybePromise<T> = T | Promise<T>;
type By<T> = (keyof T & string) | readonly (keyof T & string)[];

/** The key that the property or properties `B` make up. */
type KeyBy<T, B> = B extends keyof T
  ? T[B] & Key
  : B extends readonly (infer N extends keyof T)[]
    ? { [Name in N]: T[Name] & Key }
    : never;

export interface ProvideFn {
  /** Rows of a TypeORM repository by primary key: one query, and only the columns that were asked for. */
  <T extends { id: Key }>(
    repository: RepositoryLike<T>,
    options?: ProvideOptions<T> & { by?: undefined },
  ): Handler<ProviderBody<T['id']>, Promise<Envelope<T[]>>>;
  /** The same where the primary key has another name, or is made up of several properties: keys are objects of them. */
  <T extends object>(
    repository: RepositoryLike<T>,
    options?: ProvideOptions<T> & { by?: undefined },
  ): Handler<ProviderBody<Key | CompositeKey>, Promise<Envelope<T[]>>>;
  /** The same by another unique property, or by several: what the `mergeKey` of a `RemoteField` says. */
  <T extends object, const B extends By<T>>(
    repository: RepositoryLike<T>,
    options: ProvideOptions<T> & { by: B },
  ): Handler<ProviderBody<KeyBy<T, B>>, Promise<Envelope<T[]>>>;
  /** Keys are numbers unless the parameter says otherwise: `({ keys }: ProviderRequest<string>) => ...`. */
  <T extends object, K extends Key = number>(
    find: (request: ProviderRequest<K>, context: TaskContext) => MaybePromise<Iterable<T> | Serializable<T[]>>,
    options?: RequestOptions & { by?: undefined },
  ): Handler<ProviderBody<K>, Promise<Envelope<T[]>>>;
  /** Keys of several properties: `({ keys }: ProviderRequest<{ tenant: number; sku: string }>) => ...`. */
  <T extends object, K extends CompositeKey>(
    find: (request: ProviderRequest<K>, context: TaskContext) => MaybePromise<Iterable<T> | Serializable<T[]>>,
    options: RequestOptions & { by: readonly (keyof K & string)[] },
  ): Handler<ProviderBody<K>, Promise<Envelope<T[]>>>;
}

type Find = (request: ProviderRequest<AnyKey>, context: TaskContext) => MaybePromise<unknown>;
type AnyOptions = ProvideOptions<object> & { by?: string | readonly string[] | undefined };

interface Source {
  readonly form: KeyForm;
  readonly find: Find;
}

const MAX_KEYS = 10_000;
const OPTIONS: readonly string[] = ['where', 'maxKeys', 'key', 'by', 'expose', 'invalidate'];

/** The handler of a provider: `rpcTask('images.get')(provide(repository))`, or with a function that finds the rows. */
export const provide: ProvideFn = ((given: Find | RepositoryLike<object>, options: AnyOptions = {}) => {
  checkOptions(given, options);
  const { maxKeys = MAX_KEYS, key } = options;
  let source: Source | undefined;
  const handler = async (body: unknown, context: TaskContext): Promise<Envelope<unknown[]>> => {
    source ??= typeof given === 'function' ? ofFunction(given, options) : ofRepository(given, options);
    const { form, find } = source;
    try {
      const { keys, fields, params = {} } = readRequest(body, { maxKeys, form, key });
      const rows = await rowsOf(await find({ keys, fields, params }, context), context.route);
      if (!fields) return success(rows);
      const wanted = new Set([...fields, ...form.names]);
      return success(rows.map((row) => cut(row, wanted)));
    } catch (error) {
      if (error instanceof ValidationError) return fail(error.byField);
      throw error;
    }
  };
  if (options.invalidate && typeof given !== 'function') {
    markInvalidating(handler, { repository: given, by: options.by });
  }
  return handler;
}) as ProvideFn;

function checkOptions(given: unknown, options: AnyOptions): void {
  const refuse = (message: string): never => {
    throw new BgTasksError('USAGE', `provide: ${message}`);
  };
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) refuse(`there is no option "${unknown}". The options are: ${OPTIONS.join(', ')}.`);
  const { maxKeys = 1, where, expose, by, invalidate = false } = options;
  if (!Number.isInteger(maxKeys) || maxKeys < 1)
    refuse(`"maxKeys" must be a whole number from 1, not ${preview(maxKeys)}.`);
  if (typeof invalidate !== 'boolean') refuse(`"invalidate" must be true or false, not ${preview(invalidate)}.`);
  if (Array.isArray(by) && by.length === 0) refuse('"by" names no property. Leave it out for the primary key.');
  if (typeof given !== 'function') return;
  const name = where ? 'where' : expose && 'expose';
  if (name) refuse(`"${name}" is for a repository; the function limits its rows itself.`);
  if (invalidate) {
    refuse(
      '"invalidate" is for a repository; a function has remoteFields.publishInvalidation(route, keys) of its service.',
    );
  }
}

function ofFunction(find: Find, { by = 'id' }: AnyOptions): Source {
  return { form: keyForm(by), find };
}

function ofRepository(repository: RepositoryLike<object>, options: AnyOptions): Source {
  const { expose = [], where, by } = options;
  const rows = repositoryRows(repository, { by, expose });
  return {
    form: rows.form,
    // Asked and awaited before anything is found: what gives nothing must not limit nothing.
    find: async ({ keys, fields }, context) => rows.find(keys, fields, where && ((await where(context)) ?? null)),
  };
}

async function rowsOf(found: unknown, route: string): Promise<unknown[]> {
  const isSerializable = typeof found === 'object' && found !== null && 'data' in found;
  const rows = isSerializable ? await (found as Serializable).data : found;
  if (typeof rows === 'object' && rows !== null && Symbol.iterator in rows) return [...(rows as Iterable<unknown>)];
  const message = `The provider of "${route}" must return a list of objects or a serializer, not ${preview(rows)}.`;
  throw new BgTasksError('USAGE', message, { route });
}

/**
 * A row that says itself what it is in JSON is left to it. It is its own names that are looked through: a caller may want
 * as many as a body holds.
 */
function cut(row: unknown, wanted: ReadonlySet<string>): unknown {
  if (typeof row !== 'object' || row === null || Array.isArray(row) || 'toJSON' in row) return row;
  const own = Object.getOwnPropertyNames(row).filter((name) => wanted.has(name));
  return Object.fromEntries(own.map((name) => [name, (row as Record<string, unknown>)[name]]));
}
