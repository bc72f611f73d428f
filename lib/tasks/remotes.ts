/** What is known of the tasks of other services: types alone, filled by module augmentation. */
import type { Envelope, Unwrapped } from '../envelope.js';
import type { Json } from '../json.js';
import type { ProtocolName } from '../protocols/protocol.js';
import type { RpcTask } from './rpc.js';

/**
 * What other services serve, for calls by name:
 * `declare module 'bgtasks' { interface Remotes { 'images.get': Image } }`.
 *
 * A function type is the task's signature, `typeof handle` its handle's; any other object type says "a provider of
 * these objects" (see `provide`).
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by module augmentation
export interface Remotes {}

// biome-ignore lint/suspicious/noExplicitAny: stands for a task of any body and answer, which `never` and `unknown` do not
export type AnyRpcTask = RpcTask<string, any, any>;

/** A primary key on the wire. */
export type Key = string | number;

/** A key of several properties, by name. */
export type CompositeKey = Readonly<Record<string, Key>>;

/** Objects without an `id` are known by other properties, which the field names. */
type IdOf<T> = T extends { id: infer I extends Key } ? I : Key | CompositeKey;

/** The body of a key request, in the forms that a provider accepts. */
export type ProviderBody<K extends Key | CompositeKey = Key> =
  | readonly K[]
  | {
      readonly ids?: readonly K[];
      readonly fields?: readonly string[];
      readonly params?: Record<string, unknown>;
    };

/** A known name, a handle, or any other name (then body and answer are `unknown`). */
export type RouteRef = keyof Remotes | AnyRpcTask | (string & {});

type Signature<R> =
  R extends RpcTask<string, infer B, infer A>
    ? [B, A]
    : R extends keyof Remotes
      ? Declared<Remotes[R]>
      : [unknown, unknown];

type Declared<X> =
  X extends RpcTask<string, infer B, infer A>
    ? [B, A]
    : X extends (body: infer B) => infer A
      ? [B, Json<Awaited<A>>]
      : [ProviderBody<IdOf<X>>, Envelope<Json<X>[]>];

/** The body that a route takes. */
export type BodyOf<R> = Signature<R>[0];

/** What a route answers. */
export type AnswerOf<R> = Signature<R>[1];

/** The objects a provider answers with: what a RemoteField puts in place of a key. */
export type ObjectOf<R> = Unwrapped<AnswerOf<R>> extends readonly (infer T)[] ? T : never;

/** `body` may be left out where undefined is a body. */
export type BodyArgs<B, O> = undefined extends B ? [body?: B, options?: O] : [body: B, options?: O];

export interface CallOptions {
  /** How long to wait for the answer, in milliseconds. Default: `rpcTimeoutMs` of the service (60,000). */
  timeoutMs?: number;
  /** Ends the wait with `CallAbortedError`, and aborts `context.signal` of the handler, as far as it can be reached. */
  signal?: AbortSignal;
  /**
   * The task may run more than once without harm. A call that was in flight when the connection broke is then sent again
   * on the next one, within its timeout, and does not fail with `ConnectionLostError`. Default: false.
   */
  idempotent?: boolean;
  /**
   * How often a call is made again after a `ServiceUnavailableError` (but for a timeout), with growing pauses and within the
   * one timeout. Needs `idempotent`. Default: 0.
   */
  retry?: number;
  /** How the task looks on the wire. Default: that of the task registered here under the route, else `json`. */
  protocol?: ProtocolName;
  /** Of the protocol `celery`: the queue that the task is served from. Default: `celery`. */
  queue?: string;
}

/** One signature: with `call<T>(...)` the answer is taken to be T, else it follows from the route. */
export type CallFn = <A = never, const R extends RouteRef = string>(
  route: R,
  ...args: BodyArgs<BodyOf<R>, CallOptions>
) => Promise<[A] extends [never] ? AnswerOf<R> : A>;
