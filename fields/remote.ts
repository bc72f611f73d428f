/**
 * A key of an object that lives in another service: shown as that object, written as the key.
 *
 * Shape:  options, and one slot in the output. A field calls nobody: it asks a `RemoteLoader`, which
 *         `bgtasks/serializers` installs; our own serializers do not even ask, they gather the keys themselves.
 * Units:  `timeoutMs` is milliseconds.
 */

import type { Caller } from '../lib/caller.js';
import { preview } from '../lib/errors.js';
import type { MaybePromise } from '../lib/maybe-promise.js';
import { type AnyKey, type KeyForm, keyForm } from '../lib/provider/remote-key.js';
import { type OnError, type OnMissing, problemWithAll, problemWithOption } from '../lib/remote/settings.js';
import type { AnyRpcTask, ObjectOf, Remotes } from '../lib/tasks/remotes.js';
import type { ErrorInput } from '../lib/validation-error.js';
import { ValidationError } from '../lib/validation-error.js';
import { Field, NO_CTX, usage } from './field.js';
import type { Facts } from './messages.js';
import type { INPUT } from './related-types.js';
import { typeName } from './type-name.js';
import type { AnyField, Ctx, FieldOptions, NoOptions } from './types.js';

export type { OnError, OnMissing };

/** How long, how many and for whom objects are kept. */
export interface CacheOptions {
  /** How long an object, or the news that there is none, may be shown again, in milliseconds. No default. */
  readonly ttlMs: number;
  /** The most keys, those of all scopes together; the one used longest ago goes first. Default: 10,000. */
  readonly max?: number;
  /**
   * Callers with equal texts share what is kept: `() => ''` shares it among all, where objects look the same to
   * everybody. Default: all that the caller says but `url`, `traceparent` and `tracestate`.
   */
  readonly scope?: (caller: Caller) => string;
}

/** Represents remote objects: any serializer class. */
export type RemoteSerializer = new (
  // biome-ignore lint/suspicious/noExplicitAny: a serializer of any objects
  ...args: any[]
) => { readonly data: Promise<unknown> };

export interface RemoteOptions<T> extends FieldOptions {
  /** The name of a provider's task, or its handle. */
  readonly route: string | AnyRpcTask;
  /** Sends the keys as `{ [key]: [...] }`. Default: the bare list. */
  readonly key?: string;
  /** The property of the answered objects that holds their key, or the properties that make it up. Default: `id`. */
  readonly mergeKey?: (keyof T & string) | readonly (keyof T & string)[];
  /** The properties that are wanted. Default: all. */
  readonly fields?: readonly (keyof T & string)[];
  /** Anything else that the provider should know. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** The property is a list of keys and becomes a list of objects in the same order. Default: false. */
  readonly many?: boolean;
  /** `source` is a list of rows, a to-many relation for one, and this their property with the key. Implies `many`. */
  readonly remoteField?: string;
  /** On writes, whether the objects must exist: one call per route for the whole input. Default: true. */
  readonly validateExists?: boolean;
  /** Default: `null`; in a list `drop`. */
  readonly onMissing?: OnMissing;
  /** Default: `raise`. */
  readonly onError?: OnError;
  /** How long to wait for the answer. Default: `rpcTimeoutMs` of the service. */
  readonly timeoutMs?: number;
  /** Keeps objects for later responses. Fields on one route with other options here ask apart. Default: nothing is kept. */
  readonly cache?: CacheOptions;
  /** Represents the objects that come back; it may have remote fields of its own. */
  readonly serializer?: RemoteSerializer;
}

/** What is known of an object when nothing is known of its route. */
export interface UnknownObject {
  id: string | number;
  [property: string]: unknown;
}

type Picked<T, P> = P extends { readonly serializer: new (...args: never[]) => { readonly data: Promise<infer R> } }
  ? R
  : P extends { readonly fields: readonly (infer K)[] }
    ? Pick<T, K & keyof T>
    : T;

type KeyOf<T, P> = P extends { readonly mergeKey: infer K }
  ? K extends keyof T
    ? T[K]
    : K extends readonly (infer N extends keyof T)[]
      ? { [Name in N]: T[Name] }
      : never
  : T extends { id: infer I }
    ? I
    : never;

type OneOrMany<X, P> = P extends { readonly many: true } | { readonly remoteField: string } ? X[] : X;

/** A slot that no object came for; a list leaves it out, unless it says otherwise. */
type Missing<T, P> = P extends { readonly onMissing: infer M }
  ? M extends 'pk'
    ? KeyOf<T, P>
    : M extends 'null'
      ? null
      : never
  : P extends { readonly many: true } | { readonly remoteField: string }
    ? never
    : null;

type Failed<T, P> = P extends { readonly onError: 'null' }
  ? null
  : P extends { readonly onError: 'pk' }
    ? OneOrMany<KeyOf<T, P>, P>
    : never;

/** What the slot shows. */
export type RemoteRepr<T, P> = OneOrMany<Picked<T, P> | Missing<T, P>, P> | Failed<T, P>;

/** What is sent by who writes: the key, or the list of keys. */
export type RemoteInput<T, P> = OneOrMany<KeyOf<T, P>, P>;

/** What is written: the same, or with `remoteField` the rows that hold the keys. */
export type RemoteValue<T, P> = P extends { readonly remoteField: infer F extends string }
  ? { [Name in F]: KeyOf<T, P> }[]
  : RemoteInput<T, P>;

/** A field whose slot shows an object of another service. */
export interface RemoteFieldOf<T, P> extends AnyField {
  readonly options: P;
  /** For serializers that are not ours: the object of one key. Calls made in one turn go out together. */
  toRepresentation(key: unknown, ctx?: Ctx): Promise<RemoteRepr<T, P>>;
  toInternalValue(data: unknown, ctx?: Ctx): RemoteValue<T, P> | Promise<RemoteValue<T, P>>;
  /** Never there at run time. */
  readonly [INPUT]?: RemoteInput<T, P>;
}

type WrongOptions = { 'this route is known: see the type of its objects': never };

/** `new RemoteField({ route: 'images.get' })`, see `RemoteOptions`. */
export interface RemoteFieldType {
  readonly prototype: RemoteSlot;
  /** A handle, or a name known from `Remotes`: the options are checked against its objects. */
  new <const P extends { readonly route: keyof Remotes | AnyRpcTask } & RemoteOptions<ObjectOf<P['route']>>>(
    options: P,
  ): RemoteFieldOf<ObjectOf<P['route']>, P>;
  /** Any other name: objects with an `id`. */
  new <const P extends { readonly route: string } & RemoteOptions<UnknownObject>>(
    options: P & (P['route'] extends keyof Remotes ? WrongOptions : unknown),
  ): RemoteFieldOf<UnknownObject, P>;
  /**
   * Any name, with the type of its objects: `new RemoteField<Image>({ route })`. TypeScript infers all type arguments
   * or none, so options that change the type are named again: `new RemoteField<Image, { many: true }>({ route, many: true })`.
   */
  new <T extends object = never, P = NoOptions>(
    options: [T] extends [never] ? WrongOptions : RemoteOptions<NoInfer<T>> & NoInfer<P>,
  ): RemoteFieldOf<NoInfer<T>, NoInfer<P>>;
}

/** A key that the other service has, as it has it; or why there is none. */
export type Found = { readonly key: AnyKey } | { readonly problem: 'does_not_exist' | 'timeout' | 'wrong_format' };

/** What a remote field needs of the layer that calls. */
export interface RemoteLoader {
  /**
   * The object of `key`, or a list of them where the field is `many`; alone, or with whatever else is asked for now. With
   * the `ctx` of a serializer, the remote fields of that object are left to its response.
   */
  load(field: RemoteSlot, key: unknown, ctx?: Ctx): Promise<unknown>;
  /** Which of `keys` the other service has, in their order; with whatever else is asked in the same run now. */
  find(field: RemoteSlot, keys: readonly AnyKey[], ctx: Ctx): Promise<readonly Found[]>;
}

let installed: RemoteLoader | undefined;

/** Called once by `bgtasks/serializers`: it knows how to call, fields do not. */
export function installRemoteLoader(loader: RemoteLoader): void {
  installed = loader;
}

function remoteLoader(): RemoteLoader {
  if (!installed) throw usage('RemoteField: import "bgtasks/serializers", which is what calls other services.');
  return installed;
}

/** Policies as they may be given to a field or a class; a wrong one would otherwise show only when a service fails. */
export function checkPolicies(
  what: string,
  options: { onMissing?: unknown; onError?: unknown; timeoutMs?: unknown; maxBatch?: unknown },
): void {
  for (const [name, value] of Object.entries(options)) {
    const problem = value === undefined ? undefined : problemWithOption(name, value);
    if (problem) throw usage(`${what}: "${name}" ${problem}.`);
  }
}

function checkCache(cache: unknown): void {
  const problem = problemWithAll(cache, ['ttlMs', 'max', 'scope'], (name, value) => {
    if (name !== 'scope') return problemWithOption(name, value);
    return typeof value === 'function' ? undefined : `must be a function of the caller, not ${preview(value)}`;
  });
  if (problem) throw usage(`RemoteField: "cache" ${problem.startsWith('"') ? 'is wrong: ' : ''}${problem}.`);
  if ((cache as { ttlMs?: unknown }).ttlMs === undefined) {
    throw usage('RemoteField: "cache" needs "ttlMs": for how long may an object be shown again?');
  }
}

const scopes = new WeakMap<object, number>();
let lastScope = 0;

/** Equal for options that may share a cache: functions are told apart by identity. */
function cacheId({ ttlMs, max, scope }: CacheOptions): readonly unknown[] {
  if (scope && !scopes.has(scope)) scopes.set(scope, ++lastScope);
  return [ttlMs, max ?? null, scope ? (scopes.get(scope) ?? null) : null];
}

/** The class behind `RemoteField`. */
export class RemoteSlot extends Field<RemoteOptions<never>> {
  static override readonly errorMessages = {
    incorrect_type: 'Incorrect type. Expected pk value, received {data_type}.',
    not_a_list: 'Expected a list of items but got type "{input_type}".',
    does_not_exist: 'Invalid pk "{pk_value}" - object does not exist.',
    timeout: 'Timeout error({route})',
    wrong_format: 'Format of response is not correct or route to service is incorrect({route})',
  };

  /** The name of the task that answers. */
  readonly route: string;
  readonly keys: KeyForm;
  /** A list of keys. */
  readonly isMany: boolean;
  /** Equal for fields whose keys can go in one request. */
  readonly group: string;

  constructor(options: RemoteOptions<never>) {
    super(options);
    const { route, key, mergeKey = 'id', fields, params, many, remoteField, onMissing, cache } = options;
    this.route = typeof route === 'string' ? route : route?.route;
    if (!this.route) throw usage('RemoteField: "route" must be the name of a task or its handle.');
    checkPolicies('RemoteField', options);
    if (cache !== undefined) checkCache(cache);
    this.keys = keyForm(mergeKey);
    this.isMany = many === true || remoteField !== undefined;
    if (many === false && this.isMany)
      throw usage('RemoteField: "remoteField" reads a list of rows: leave "many" out.');
    if (!this.isMany && onMissing === 'drop')
      throw usage('RemoteField: "onMissing: drop" is for lists ("many: true").');
    const form = [this.route, key ?? null, mergeKey, fields ?? null, params ?? null];
    this.group = JSON.stringify(cache ? [...form, cacheId(cache)] : form);
  }

  override toRepresentation(key: unknown): Promise<unknown> {
    return remoteLoader().load(this, key);
  }

  /** As an item of a list or dictionary: the remote fields of its object are filled by the response that it stands in. */
  toItem(key: unknown, ctx: Ctx): Promise<unknown> {
    return remoteLoader().load(this, key, ctx);
  }

  /** What stands in the slot until the objects come: a key or null, or a list of these; undefined where it is neither. */
  toSlot(value: unknown): unknown {
    if (!this.isMany) return this.keys.of(value) ?? (this.keys.isNone(value) ? null : undefined);
    if (!Array.isArray(value)) return undefined;
    const { remoteField } = this.options;
    const keyAt = remoteField === undefined ? (item: unknown) => item : (row: unknown) => partOf(row, remoteField);
    return value.map((item) => this.keys.of(keyAt(item)) ?? null);
  }

  /** `''` stands for null, as in Django REST framework's relation fields. */
  override runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    return super.runValidation(data === '' ? null : data, ctx);
  }

  override toInternalValue(data: unknown, ctx: Ctx = NO_CTX): unknown {
    return this.isMany ? this.#readMany(data, ctx) : this.#readOne(data, ctx);
  }

  /** The key that was sent; undefined where it is none. */
  protected readKey(data: unknown): AnyKey | undefined {
    return this.keys.of(data);
  }

  #readOne(data: unknown, ctx: Ctx): MaybePromise<AnyKey> {
    const key = this.readKey(data) ?? this.fail('incorrect_type', { data_type: typeName(data) });
    if (this.options.validateExists === false) return key;
    return this.#find([key], ctx).then(([found]) => {
      if (found && 'key' in found) return found.key;
      return this.fail(found?.problem ?? 'wrong_format', this.#facts(data));
    });
  }

  #readMany(data: unknown, ctx: Ctx): MaybePromise<unknown[]> {
    if (!Array.isArray(data)) return this.fail('not_a_list', { input_type: typeName(data) });
    const errors: ErrorsByIndex = {};
    const keys: { readonly index: number; readonly key: AnyKey }[] = [];
    data.forEach((item, index) => {
      const key = this.readKey(item);
      if (key !== undefined) keys.push({ index, key });
      else errors[index] = this.#detail('incorrect_type', { data_type: typeName(item) });
    });
    if (keys.length === 0 || this.options.validateExists === false)
      return this.#list(
        keys.map(({ key }) => key),
        errors,
      );
    const asked = keys.map(({ key }) => key);
    return this.#find(asked, ctx).then((all) => {
      // A call that failed says nothing of any item: it counts once, and not beside items that are wrong anyway.
      const failure = all.find((found) => 'problem' in found && found.problem !== 'does_not_exist');
      if (failure && 'problem' in failure) {
        if (Object.keys(errors).length === 0) this.fail(failure.problem, { route: this.route });
        return this.#list([], errors);
      }
      all.forEach((found, i) => {
        const { index } = keys[i] as { index: number };
        if ('problem' in found) errors[index] = this.#detail(found.problem, this.#facts(data[index]));
      });
      return this.#list(
        all.flatMap((found) => ('key' in found ? [found.key] : [])),
        errors,
      );
    });
  }

  async #find(keys: readonly AnyKey[], ctx: Ctx): Promise<readonly Found[]> {
    return remoteLoader().find(this, keys, ctx);
  }

  /** The keys, or the rows that hold them. */
  #list(keys: readonly AnyKey[], errors: ErrorsByIndex): unknown[] {
    if (Object.keys(errors).length > 0) throw new ValidationError(errors);
    const { remoteField } = this.options;
    return remoteField === undefined ? [...keys] : keys.map((key) => ({ [remoteField]: key }));
  }

  #facts(data: unknown): Facts {
    return { pk_value: typeof data === 'object' ? preview(data) : shortened(String(data)), route: this.route };
  }

  #detail(code: string, facts: Facts): ErrorInput {
    return { message: this.message(code, facts), code };
  }
}

function partOf(row: unknown, property: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[property] : undefined;
}

type ErrorsByIndex = Record<string, ErrorInput>;

/** Input may be as long as it likes; what is said of it not. */
function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** A key of an object of another service, shown as that object. */
export const RemoteField = RemoteSlot as unknown as RemoteFieldType;
/** Any remote field. */
export type RemoteField = RemoteSlot;
