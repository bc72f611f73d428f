/**
 * Tasks that nobody waits for, and that must not be lost: the types of registering and of the handle.
 *
 * Shape:  `jobTask(route, options?)(handler)`; the handler may also come last, or the whole stand on a class method.
 */
import type { Json } from '../json.js';
import type { BodyOfSchema, BodySchema, InputOfSchema } from '../schema.js';
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

export interface JobOptions<S extends BodySchema | undefined = undefined> extends TaskOptions<S>, RetryOptions {
  /** Default: `quorum`, which survives the loss of a node. */
  queueType?: 'quorum' | 'classic';
  /** The highest `priority` of a job, with `queueType: 'classic'` only. */
  maxPriority?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: stands for a job of any body and result
export type AnyJobTask = JobTask<string, any, any>;

/** A registered job: `await sendMail.enqueue({ to })`. */
// biome-ignore lint/suspicious/noExplicitAny: the defaults stand for a job of any body and result
export interface JobTask<R extends string = string, B = any, A = any> extends Task<R> {
  readonly kind: 'job';
  readonly handler: (body: B, context: TaskContext) => unknown;
  /** Resolves once the broker has the job. Rejects with one typed error when it does not. */
  enqueue(...args: BodyArgs<B, EnqueueOptions>): Promise<Job<A>>;
}

export interface EnqueueOptions {
  /** Not before so many milliseconds from now, rounded up to whole seconds; at most 8.5 years. */
  delayMs?: number;
  /** Not before this time; one that has passed is now. Instead of `delayMs`. */
  runAt?: Date;
  /** From 0 to `maxPriority` of the job. */
  priority?: number;
  /** Names the job: `context.messageId` of its handler. At most 200 bytes. Default: a random UUID. */
  messageId?: string;
  /** Not started later than so many milliseconds from now. */
  expiresMs?: number;
  /**
   * The EntityManager of a TypeORM transaction: the job is stored in it, and sent after its commit. Needs the setting
   * `outbox`. What the broker has against it is then seen in the log and in the table, not here.
   */
  manager?: object;
}

/** A job that the broker has. */
export interface Job<A = unknown> {
  readonly id: string;
  readonly route: string;
  /** The type of its result; there is no value here. */
  readonly resultType?: A;
}

type Wire<S, B> = S extends undefined ? B : InputOfSchema<S>;
type Checked<S, B> = S extends undefined ? B : BodyOfSchema<S>;

export interface RegisterJob<R extends string, S> extends Decorate<S> {
  <A, B = unknown>(handler: Handler<Checked<S, B>, A>): JobTask<R, Wire<S, B>, Json<Awaited<A>>>;
}

export interface JobTaskFn {
  <const R extends string, A, B = unknown>(route: R, handler: Handler<B, A>): JobTask<R, B, Json<Awaited<A>>>;
  <const R extends string, A, S extends BodySchema | undefined = undefined, B = unknown>(
    route: R,
    options: JobOptions<S>,
    handler: Handler<Checked<S, B>, A>,
  ): JobTask<R, Wire<S, B>, Json<Awaited<A>>>;
  <const R extends string, S extends BodySchema | undefined = undefined>(
    route: R,
    options?: JobOptions<S>,
  ): RegisterJob<R, S>;
}

/** By handle or by name; resolves on the publisher confirm. */
export type EnqueueFn = <const R extends AnyJobTask | string>(
  job: R,
  ...args: R extends JobTask<string, infer B, infer _A>
    ? BodyArgs<B, EnqueueOptions>
    : [body?: unknown, options?: EnqueueOptions]
) => Promise<Job<R extends JobTask<string, infer _B, infer A> ? A : unknown>>;
