/**
 * Events: what a service tells whoever listens. The types of emitting and listening.
 *
 * Shape:  `onEvent(service, event, options?)(handler)`; one durable queue per event, listening service and `name`.
 */
import type { Deps, Injected, NoDeps } from '../dependencies/dependency.js';
import type { ProtocolName } from '../protocols/protocol.js';
import type { BodyOfSchema, BodySchema } from '../schema.js';
import type { JobOptions } from './job.js';
import type { Decorate } from './rpc.js';
import type { Handler, Task, TaskContext } from './task.js';

/**
 * Bodies of events by name, for `emit` and `onEvent`:
 * `declare module 'bgtasks' { interface Events { 'user.created': { id: number } } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by module augmentation
export interface Events {}

export type EventBody<N> = N extends keyof Events ? Events[N] : unknown;

export interface EventOptions<S extends BodySchema | undefined = undefined, D extends Deps = NoDeps>
  extends Omit<JobOptions<S, D>, 'priorities'> {
  /** Part of the queue's name: needed for a second listener of one event in one service. */
  name?: string;
  /** False: acked without a call. What it throws is a failure like the handler's. */
  // biome-ignore lint/suspicious/noExplicitAny: the body is what `Events` or the schema says; it is not inferred here
  filter?: (body: any, context: TaskContext) => boolean | Promise<boolean>;
  /** Every process of the service gets the event, on a queue that goes with the process; it is not retried. */
  broadcast?: boolean;
}

/** A registered listener. */
export interface EventTask<N extends string = string> extends Task<string> {
  readonly kind: 'event';
  readonly event: N;
}

export interface RegisterEvent<N extends string, S, D = NoDeps> extends Decorate<S, D> {
  <B = EventBody<N>>(
    handler: Handler<
      S extends undefined ? (N extends keyof Events ? Events[N] : B) : BodyOfSchema<S>,
      unknown,
      Injected<D>
    >,
  ): EventTask<N>;
}

/** `*` in the event's name stands for one word between dots, `#` for any number of them. */
export type OnEventFn = <const N extends string, S extends BodySchema | undefined = undefined, D extends Deps = NoDeps>(
  service: string,
  event: N,
  options?: EventOptions<S, D>,
) => RegisterEvent<N, S, D>;

export interface EmitOptions {
  /** `context.messageId` of the handlers. At most 200 bytes. Default: a random UUID. */
  messageId?: string;
  /** How the event looks on the wire. Default: `json`. All events of a service share an exchange: keep to one. */
  protocol?: ProtocolName;
  /** The EntityManager of a TypeORM transaction: the event is stored in it, and sent after its commit. Needs the setting `outbox`. */
  manager?: object;
}

/** Resolves once the broker has the event. One that nobody listens to is no error. */
export type EmitFn = <const N extends string>(event: N, body: EventBody<N>, options?: EmitOptions) => Promise<void>;
