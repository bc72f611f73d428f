/**
 * Columns that hold keys of objects of another service, as `@RemoteColumn` of 'bgtasks/typeorm' declares them.
 *
 * Shape:  what was declared stands on the entity class itself, under a registered symbol: two copies of the package see
 *         it, and an entity that extends another one inherits it. Serializers read it; TypeORM knows nothing of it.
 */
import type { AnyRpcTask, Key, ObjectOf, Remotes } from '../tasks/remotes.js';

/** What the remote field of a column is made of: the options of `RemoteField` that belong to data. */
export interface RemoteColumnOptions {
  /** The name of a provider's task, or its handle. */
  readonly route: string | AnyRpcTask;
  /** Sends the keys as `{ [key]: [...] }`. Default: the bare list. */
  readonly key?: string;
  /** The property of the answered objects that holds their key. Default: `id`. */
  readonly mergeKey?: string;
  /** The properties that are wanted. Default: all. */
  readonly fields?: readonly string[];
  /** Anything else that the provider should know. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** The column holds a list of keys, as JSON. Default: false. */
  readonly many?: boolean;
  /** What stands where no object came. Default: `null`; in a list `drop`. */
  readonly onMissing?: 'null' | 'drop' | 'pk' | 'error';
  /** What stands where the call failed. Default: `raise`. */
  readonly onError?: 'raise' | 'null' | 'pk';
  /** How long to wait for the answer, in milliseconds. Default: `rpcTimeoutMs` of the service. */
  readonly timeoutMs?: number;
  /** On writes, whether the objects must exist. Default: true. */
  readonly validateExists?: boolean;
}

/** Never there at run time: it carries route and options from the type of a property to its serializer. */
export declare const REMOTE: unique symbol;

/** What `RemoteKey` says of a property. */
export interface RemoteFacts<T, P> {
  readonly object: T;
  readonly options: P;
}

type Objects<R> = R extends keyof Remotes | AnyRpcTask ? ObjectOf<R> : R;

type KeyIn<T, P> = P extends { readonly mergeKey: infer M extends keyof T }
  ? T[M]
  : T extends { readonly id: infer I }
    ? I
    : Key;

/**
 * The type of a property with `@RemoteColumn`: the key as it is in the row, from which the serializer knows the object.
 * `RemoteKey<'images.get'>` for a route of `Remotes` (or `typeof handle`), `RemoteKey<Image>` for any other; options that
 * change what is shown are named again: `RemoteKey<'images.get', { many: true }>`.
 */
export type RemoteKey<R extends keyof Remotes | object, P = Record<never, never>> = (P extends { readonly many: true }
  ? KeyIn<Objects<R>, P>[]
  : KeyIn<Objects<R>, P>) & { readonly [REMOTE]?: RemoteFacts<Objects<R>, P> };

const KEY = Symbol.for('bgtasks.remote-columns');

interface Declaring {
  readonly [KEY]?: Readonly<Record<string, RemoteColumnOptions>>;
}

export function declareRemoteColumn(type: object, property: string, options: RemoteColumnOptions): void {
  const own = Object.hasOwn(type, KEY) ? (type as Declaring)[KEY] : undefined;
  const all = Object.assign(Object.create(null), own, { [property]: options });
  Object.defineProperty(type, KEY, { value: all, configurable: true });
}

/** What was declared of a property of the class or of one that it extends. */
export function remoteColumnOf(type: unknown, property: string): RemoteColumnOptions | undefined {
  for (let at = type; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    const own = Object.hasOwn(at, KEY) ? (at as Declaring)[KEY]?.[property] : undefined;
    if (own) return own;
  }
  return undefined;
}
