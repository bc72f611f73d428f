/**
 * Functions that run elsewhere, later: a job with positional arguments, called as the function that it is.
 *
 * Shape:  `const send = asyncTask('mail.send')(async (title: string) => ...)`; `await send('Hi')` resolves once it is queued.
 */
import type { EnqueueOptions, Job, JobOptions } from './job.js';

// biome-ignore lint/suspicious/noExplicitAny: a class of any constructor; it is never called with arguments here
export type ArgumentClass = new (...args: any[]) => object;

export interface AsyncTaskOptions extends Omit<JobOptions, 'body'> {
  /**
   * Classes whose instances may be arguments, also in lists and objects; class-transformer makes them plain and brings them
   * back, so its decorators count. Their names travel: each must have another.
   */
  classes?: readonly ArgumentClass[];
}

/** A registered async task: the function itself, to be called from anywhere. */
export interface AsyncTask<P extends readonly unknown[] = readonly unknown[], A = unknown> {
  readonly kind: 'job';
  readonly route: string;
  /** Queues a run; resolves once the broker has it. Never runs here, not even in a script or within a task. */
  (...args: P): Promise<Job<A>>;
  /** Runs it here and now; arguments and answer do not travel. */
  now(...args: P): Promise<A>;
  /** Queues a run not before `delayMs` from now, rounded up to whole seconds. */
  after(delayMs: number, ...args: P): Promise<Job<A>>;
}

export type AsyncTaskFn = (
  route: string,
  options?: AsyncTaskOptions,
) => <P extends readonly unknown[], A>(handler: (...args: P) => A) => AsyncTask<P, Awaited<A>>;

/** How an async task enqueues its runs. */
export type EnqueueRun = (route: string, body: unknown, options: EnqueueOptions) => Promise<Job>;
