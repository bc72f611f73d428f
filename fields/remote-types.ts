/** What is given to a remote field, and what is inferred of that: what it shows, reads and writes. Types alone. Times are milliseconds. */
import type { Caller } from '../lib/caller.js';
import type { OnError, OnMissing } from '../lib/remote/settings.js';
import type { AnyRpcTask, ObjectOf, Remotes } from '../lib/tasks/remotes.js';
import type { INPUT } from './related-types.js';
import type { RemoteSlot } from './remote.js';
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
