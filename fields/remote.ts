/**
 * A key of an object that lives in another service: shown as that object, written as the key.
 *
 * Shape:  options, and one slot in the output. A field calls nobody: it asks a `RemoteLoader`, which
 *         `bgtasks/serializers` installs; our own serializers do not even ask, they gather the keys themselves.
 * Units:  `timeoutMs` is milliseconds.
 */

import { preview } from '../lib/errors.js';
import type { AnyRpcTask, Key, ObjectOf, Remotes } from '../lib/tasks/remotes.js';
import type { ErrorInput } from '../lib/validation-error.js';
import { ValidationError } from '../lib/validation-error.js';
import { Field, NO_CTX, usage } from './field.js';
import { typeName } from './type-name.js';
import type { AnyField, Ctx, FieldOptions, NoOptions } from './types.js';

/** What stands in a slot whose object did not come: null, the key, or an error for the whole response. */
export type OnMissing = 'null' | 'pk' | 'error';
/** What stands in a slot whose call failed: an error for the whole response, null, or the key. */
export type OnError = 'raise' | 'null' | 'pk';

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
  /** The property of the answered objects that holds their key. Default: `id`. */
  readonly mergeKey?: keyof T & string;
  /** The properties that are wanted. Default: all. */
  readonly fields?: readonly (keyof T & string)[];
  /** Anything else that the provider should know. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** The property is a list of keys and becomes a list of objects in the same order. Default: false. */
  readonly many?: boolean;
  /** Default: `null`; with `many`, a missing object is left out of its list. */
  readonly onMissing?: OnMissing;
  /** Default: `raise`. */
  readonly onError?: OnError;
  /** How long to wait for the answer. Default: `rpcTimeoutMs` of the service. */
  readonly timeoutMs?: number;
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

type KeyOf<T, P> = P extends { readonly mergeKey: infer K extends keyof T }
  ? T[K]
  : T extends { id: infer I }
    ? I
    : never;

/** A slot that no object came for; a list leaves such keys out instead, unless it keeps them. */
type Missing<T, P> = P extends { readonly onMissing: 'error' }
  ? never
  : P extends { readonly onMissing: 'pk' }
    ? KeyOf<T, P>
    : P extends { readonly many: true }
      ? never
      : null;

type Failed<T, P> = P extends { readonly onError: 'null' }
  ? null
  : P extends { readonly onError: 'pk' }
    ? P extends { readonly many: true }
      ? KeyOf<T, P>[]
      : KeyOf<T, P>
    : never;

/** What the slot shows. */
export type RemoteRepr<T, P> = P extends { readonly many: true }
  ? (Picked<T, P> | Missing<T, P>)[] | Failed<T, P>
  : Picked<T, P> | Missing<T, P> | Failed<T, P>;

/** What is written: the key, or the list of keys. */
export type RemoteValue<T, P> = P extends { readonly many: true } ? KeyOf<T, P>[] : KeyOf<T, P>;

/** A field whose slot shows an object of another service. */
export interface RemoteFieldOf<T, P> extends AnyField {
  readonly options: P;
  /** For serializers that are not ours: the object of one key. Calls made in one turn go out together. */
  toRepresentation(key: unknown, ctx?: Ctx): Promise<RemoteRepr<T, P>>;
  toInternalValue(data: unknown, ctx?: Ctx): RemoteValue<T, P>;
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

/** What a remote field needs of the layer that calls. */
export interface RemoteLoader {
  /** The object of `key`, or a list of them where the field is `many`; alone, or with whatever else is asked for now. */
  load(field: RemoteSlot, key: unknown): Promise<unknown>;
}

let installed: RemoteLoader | undefined;

/** Called once by `bgtasks/serializers`: it knows how to call, fields do not. */
export function installRemoteLoader(loader: RemoteLoader): void {
  installed = loader;
}

/** Policies as they may be given to a field or a class; a wrong one would otherwise show only when a service fails. */
export function checkPolicies(
  what: string,
  options: { onMissing?: unknown; onError?: unknown; timeoutMs?: unknown; maxBatch?: unknown },
): void {
  const oneOf = (name: 'onMissing' | 'onError', allowed: readonly string[]) => {
    const value = options[name];
    if (value === undefined || allowed.includes(value as string)) return;
    throw usage(`${what}: "${name}" must be one of ${allowed.join(', ')}, not ${preview(value)}.`);
  };
  oneOf('onMissing', ['null', 'pk', 'error']);
  oneOf('onError', ['raise', 'null', 'pk']);
  for (const name of ['timeoutMs', 'maxBatch'] as const) {
    const value = options[name];
    if (value === undefined || (Number.isInteger(value) && (value as number) > 0)) continue;
    throw usage(
      `${what}: "${name}" must be a whole number from 1, not ${Number.isNaN(value) ? 'NaN' : preview(value)}.`,
    );
  }
}

/** The class behind `RemoteField`. */
export class RemoteSlot extends Field<RemoteOptions<never>> {
  static override readonly errorMessages = {
    incorrect_type: 'Incorrect type. Expected pk value, received {data_type}.',
    not_a_list: 'Expected a list of items but got type "{input_type}".',
  };

  /** The name of the task that answers. */
  readonly route: string;
  readonly mergeKey: string;
  /** Equal for fields whose keys can go in one request. */
  readonly group: string;

  constructor(options: RemoteOptions<never>) {
    super(options);
    const { route, key, mergeKey = 'id', fields, params } = options;
    this.route = typeof route === 'string' ? route : route?.route;
    if (!this.route) throw usage('RemoteField: "route" must be the name of a task or its handle.');
    checkPolicies('RemoteField', options);
    this.mergeKey = mergeKey;
    this.group = JSON.stringify([this.route, key ?? null, mergeKey, fields ?? null, params ?? null]);
  }

  override toRepresentation(key: unknown): Promise<unknown> {
    if (!installed) throw usage('RemoteField: import "bgtasks/serializers", which is what calls other services.');
    return installed.load(this, key);
  }

  /** `''` stands for null, as in Django REST framework's relation fields. */
  override runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    return super.runValidation(data === '' ? null : data, ctx);
  }

  override toInternalValue(data: unknown): unknown {
    return this.options.many ? this.#readKeys(data) : this.#readKey(data);
  }

  #readKey(data: unknown): Key {
    if (typeof data === 'string' || (typeof data === 'number' && Number.isFinite(data))) return data;
    return this.fail('incorrect_type', { data_type: typeName(data) });
  }

  #readKeys(data: unknown): Key[] {
    if (!Array.isArray(data)) return this.fail('not_a_list', { input_type: typeName(data) });
    const errors: Record<string, ErrorInput> = {};
    data.forEach((item, index) => {
      if (isKey(item) && typeof item !== 'bigint') return;
      errors[index] = {
        message: this.message('incorrect_type', { data_type: typeName(item) }),
        code: 'incorrect_type',
      };
    });
    if (Object.keys(errors).length > 0) throw new ValidationError(errors);
    return data as Key[];
  }
}

/** `0` is a key; null, undefined and `''` are not. */
export function isKey(value: unknown): value is Key | bigint {
  if (typeof value === 'string') return value !== '';
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
}

/** A key of an object of another service, shown as that object. */
export const RemoteField = RemoteSlot as unknown as RemoteFieldType;
/** Any remote field. */
export type RemoteField = RemoteSlot;
