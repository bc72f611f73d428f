/**
 * Tasks that nobody waits for, and that must not be lost: the types of registering and of the handle.
 *
 * Shape:  `jobTask(route, options?)(handler)`; the handler may also come last, or the whole stand on a class method.
 */
import type { Deps, Injected, NoDeps } from '../dependencies/dependency.js';
import type { Json } from '../json.js';
import type { ProtocolName } from '../protocols/protocol.js';
import type { BodyOfSchema, BodySchema, InputOfSchema } from '../schema.js';
import type { Arguments } from './arguments.js';
import type { Backoff } from './backoff.js';
import type { BodyArgs } from './remotes.js';
import type { Decorate } from './rpc.js';
import type { Handler, Task, TaskContext, TaskOptions } from './task.js';

/** How often a failed handler runs again, and what comes after the last time. The same for jobs, events and schedules. */
export interface RetryOptions {
  /** Every run counts, the first one too. Default: 5 for jobs, 1 for events and schedules. */
  attempts?: number;
  /** The wait before the next run. Default: exponential from 1 s, with jitter. */
  backoff?: Backoff;
  /** Which errors lead to another run: classes, or a function. Default: all but `UnrecoverableError` and a refused body. */
  retryOn?: readonly ErrorClass[] | ((error: unknown) => boolean);
  /** Enqueued once after the last run has failed, with the same body; its context has the `failure`. */
  onFailed?: AnyJobTask;
}

// biome-ignore lint/suspicious/noExplicitAny: the class of an error, whatever its constructor takes
export type ErrorClass = abstract new (...args: any[]) => Error;

export interface JobOptions<S extends BodySchema | undefined = undefined, D extends Deps = NoDeps>
  extends TaskOptions<S, D>,
    RetryOptions {
  /** Default: `quorum`, which survives the loss of a node. */
  queueType?: 'quorum' | 'classic';
  /** The highest `priority` of a job, with `queueType: 'classic'` only. */
  maxPriority?: number;
  /**
   * A second queue, `<route>.high`: each worker starts what is there first, so `normal` jobs wait as long as there are
   * `high` ones.
   */
  priorities?: boolean;
  /** Starts in each process: at most `max` within any `perMs` (at most 600,000). Others wait in their queue. */
  rateLimit?: RateLimitOptions;
  /**
   * A message whose `messageId` is done is not run again: the newest 10,000 ids of each process are known. A failed run
   * may run again.
   */
  dedupe?: boolean;
}

export interface RateLimitOptions {
  readonly max: number;
  readonly perMs: number;
}

// biome-ignore lint/suspicious/noExplicitAny: stands for a job of any body and result
export type AnyJobTask = JobTask<string, any, any>;

/** A registered job: `await sendMail.enqueue({ to })`. */
// biome-ignore lint/suspicious/noExplicitAny: the defaults stand for a job of any body and result
export interface JobTask<R extends string = string, B = any, A = any> extends Task<R> {
  readonly kind: 'job';
  // biome-ignore lint/suspicious/noExplicitAny: a handle says nothing of what its handler depends on
  readonly handler: (body: B, context: TaskContext<any>) => unknown;
  /** Resolves once the broker has the job. Rejects with one typed error when it does not. */
  enqueue(body: B, options: EnqueueOptions & { result: true }): Promise<TrackedJob<A>>;
  enqueue(...args: BodyArgs<B, EnqueueOptions>): Promise<Job<A>>;
}

export interface EnqueueOptions {
  /** Not before so many milliseconds from now, rounded up to whole seconds; at most 8.5 years. */
  delayMs?: number;
  /** Not before this time; one that has passed is now. Instead of `delayMs`. */
  runAt?: Date;
  /** `high` starts before `normal`, with `priorities` of the job; or from 0 to its `maxPriority`. */
  priority?: 'normal' | 'high' | number;
  /** Names the job: `context.messageId` of its handler. At most 200 bytes. Default: a random UUID. */
  messageId?: string;
  /** Not started later than so many milliseconds from now. */
  expiresMs?: number;
  /**
   * The EntityManager of a TypeORM transaction: the job is stored in it, and sent after its commit. Needs the setting
   * `outbox`. What the broker has against it is then seen in the log and in the table, not here.
   */
  manager?: object;
  /** How it looks on the wire. Default: as the task is registered here, else `json`. */
  protocol?: ProtocolName;
  /** Of the protocols `celery` and `klue`: the queue of the task, where it is not registered here. Default: `celery`. */
  queue?: string;
  /** The job's progress and its result come back to this process. Default: false. */
  result?: boolean;
}

/** A job that the broker has. */
export interface Job<A = unknown> {
  readonly id: string;
  readonly route: string;
  /** As `cancelJob`. */
  cancel(): Promise<void>;
  /** The type of its result; there is no value here. */
  readonly resultType?: A;
}

export interface ResultOptions {
  /** How long to wait, in milliseconds. Default: `rpcTimeoutMs` of the service (60,000). */
  timeoutMs?: number;
  /** Ends the wait with `CallAbortedError`. The job goes on. */
  signal?: AbortSignal;
}

/** A job that was enqueued with `result: true`. */
export interface TrackedJob<A = unknown> extends Job<A> {
  /**
   * What the handler answered. Rejects with `RemoteError` where the job failed for good, was cancelled or has expired (its
   * `remote.code` tells), with `RpcTimeoutError` where neither is known in time; then it may be asked again.
   */
  result(options?: ResultOptions): Promise<A>;
  /** Calls `listener` with the newest progress that is known, and with each later one. Gives a function that ends it. */
  onProgress(listener: (value: unknown) => void): () => void;
}

type Wire<S, B> = S extends undefined ? B : InputOfSchema<S>;
type Checked<S, B> = S extends undefined ? B : BodyOfSchema<S>;

export interface RegisterJob<R extends string, S, D = NoDeps> extends Decorate<S, D> {
  <A, B = unknown>(handler: Handler<Checked<S, B>, A, Injected<D>>): JobTask<R, Wire<S, B>, Json<Awaited<A>>>;
}

/** Of the protocols whose jobs have arguments by position and by name. */
export interface PositionalJobOptions extends Omit<JobOptions, 'body'> {
  protocol: 'celery' | 'klue';
}

export interface JobTaskFn {
  /** Handlers get the arguments alone; `currentTask()` is the context. */
  <const R extends string>(
    route: R,
    options: PositionalJobOptions,
  ): <P extends readonly unknown[], A>(handler: (...args: P) => A) => JobTask<R, Arguments<P>, Json<Awaited<A>>>;
  <const R extends string, A, B = unknown>(route: R, handler: Handler<B, A>): JobTask<R, B, Json<Awaited<A>>>;
  <const R extends string, A, S extends BodySchema | undefined = undefined, D extends Deps = NoDeps, B = unknown>(
    route: R,
    options: JobOptions<S, D>,
    handler: Handler<Checked<S, B>, A, Injected<D>>,
  ): JobTask<R, Wire<S, B>, Json<Awaited<A>>>;
  <const R extends string, S extends BodySchema | undefined = undefined, D extends Deps = NoDeps>(
    route: R,
    options?: JobOptions<S, D>,
  ): RegisterJob<R, S, D>;
}

type EnqueueArgs<R> =
  R extends JobTask<string, infer B, infer _A>
    ? BodyArgs<B, EnqueueOptions>
    : [body?: unknown, options?: EnqueueOptions];
export type JobBody<R> = R extends JobTask<string, infer B, infer _A> ? B : unknown;
export type JobResult<R> = R extends JobTask<string, infer _B, infer A> ? A : unknown;

/** By handle or by name; resolves on the publisher confirm. */
export interface EnqueueFn {
  <const R extends AnyJobTask | string>(
    job: R,
    body: JobBody<R>,
    options: EnqueueOptions & { result: true },
  ): Promise<TrackedJob<JobResult<R>>>;
  <const R extends AnyJobTask | string>(job: R, ...args: EnqueueArgs<R>): Promise<Job<JobResult<R>>>;
}

/**
 * Cancels a job by its id. Resolves once the broker has the command, for every service that serves the route; workers
 * know it for seven days. A job that waits or is delayed is not started when its time comes; one that runs has its
 * `signal` aborted, and is done all the same where its handler does not look at that. Rejects with `NoRouteError` where
 * no service has ever served the route.
 */
export type CancelJobFn = (job: AnyJobTask | string, id: string) => Promise<void>;
