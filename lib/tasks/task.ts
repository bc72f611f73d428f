/** What a service serves, as data: kind, name, handler, options. Nothing here calls anything. */
import type { Caller } from '../caller.js';
import type { Deps, NoDeps } from '../dependencies/dependency.js';
import type { InjectedField } from '../dependencies/inject.js';
import type { Logger } from '../logger.js';
import type { Failure } from '../protocols/failure.js';
import type { ProtocolName } from '../protocols/protocol.js';
import type { BodySchema } from '../schema.js';
import type { PoolKind } from './pool.js';
import type { Schedule } from './schedule.js';
import type { AnyTaskOptions } from './task-options.js';
import type { Parameters } from './websocket.js';

export type TaskKind = 'rpc' | 'job' | 'event' | 'schedule' | 'websocket';

/** Second argument of every handler; `D` are the values of its dependencies. */
export interface TaskContext<D = NoDeps> {
  /** The name that was called. */
  readonly route: string;
  readonly messageId: string;
  readonly correlationId: string | undefined;
  /** Counts from 1. Of a job or an event, each retry is the next. */
  readonly attempt: number;
  /** What went wrong, in a job that runs as `onFailed` of another. */
  readonly failure: Failure | undefined;
  /** True where the broker has delivered this message before. */
  readonly redelivered: boolean;
  /** When the caller stops waiting; nested calls get no more than the time that is left. */
  readonly deadline: Date | undefined;
  /** Aborted at the deadline, and when `timeoutMs` of the task is over. */
  readonly signal: AbortSignal;
  readonly caller: Caller;
  readonly log: Logger;
  /** Tells the process that enqueued this job with `result: true`; any JSON value. Of others nobody hears. */
  readonly progress: (value: unknown) => void;
  /** The dependencies of the task, by their names in its option `deps`. Middleware and filters run before they are there. */
  readonly deps: D;
}

export type Handler<B, A, D = NoDeps> = (body: B, context: TaskContext<D>) => A;

/** Wraps a call: may change the body, refuse it by throwing, or answer by itself. `next` is called once at most. */
export type Middleware = (
  body: unknown,
  context: TaskContext,
  next: (body: unknown) => Promise<unknown>,
) => Promise<unknown>;

export interface TaskOptions<S extends BodySchema | undefined = undefined, D extends Deps = NoDeps> {
  /** Checks the body: a serializer, a class decorated with class-validator, or any Standard Schema. */
  body?: S;
  /** What `dependency(...)` gave, by name: the handler finds their values in `context.deps`. */
  deps?: D;
  /** How the task looks on the wire. Default: `json`. */
  protocol?: ProtocolName;
  /** Of the protocols `celery` and `klue`: the queue that the task is served from. Default: `celery`. */
  queue?: string;
  /** Names of the handler's arguments, for protocols that send them by name. */
  params?: readonly string[];
  /** Shown by `bgtasks routes`. */
  description?: string;
  /** Where the handler runs: in this process, in a thread or in a process of its own. Default: that of the service. */
  pool?: PoolKind;
  /** Handlers of this task at once in this process. Default: that of the service; with a pool, its `workers`. */
  concurrency?: number;
  /** The longest a handler may take, in milliseconds. Default: no limit but the caller's deadline. */
  timeoutMs?: number;
  /** Runs inside the middleware of the service, first to last from the outside in. */
  middleware?: readonly Middleware[];
}

export interface RpcOptions<S extends BodySchema | undefined = undefined, D extends Deps = NoDeps>
  extends TaskOptions<S, D> {}

/** A handle is a plain object, not a function: `call` would hide `Function.prototype.call`. */
export interface Task<R extends string = string> {
  readonly kind: TaskKind;
  readonly route: R;
  readonly description?: string;
}

/** What the registry keeps of a task, whatever its kind. */
export interface TaskDefinition extends Task {
  readonly handler: Handler<unknown, unknown>;
  readonly options: AnyTaskOptions;
  /** Dependencies in the fields of the class on whose method it stands. */
  readonly injected?: () => readonly InjectedField[];
  /** Of a listener: whose event, and its name. */
  readonly event?: { readonly service: string; readonly name: string };
  readonly schedule?: Schedule;
  /** Of a WebSocket task: its arguments. */
  readonly parameters?: Parameters;
  /** File and line of the registration, as far as the stack tells. */
  readonly place: string;
}
