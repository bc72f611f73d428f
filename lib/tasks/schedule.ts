/**
 * Tasks that a clock starts: the types of registering and of the handle.
 *
 * Shape:  `every(name, interval, options?)(handler)`, `cron(name, expression, options?)(handler)`, or on a class method.
 *         However many processes a service has, each slot of time fires once; `perProcess` fires in each of them.
 */
import type { Deps, Injected, NoDeps } from '../dependencies/dependency.js';
import type { RetryOptions } from './job.js';
import type { Decorate } from './rpc.js';
import type { Handler, Task, TaskOptions } from './task.js';

/** `'10 s'`, `'5 min'`, `'1 h'`, `'7 d'`: at least a second. */
export type Interval = `${number} ${'s' | 'min' | 'h' | 'd'}`;

/**
 * What happens with slots that nobody fired while the service was down: none of them, the last one, or every one (the last
 * 1,000). A slot that is at most 5 s late is not one of them: it fires in any case.
 */
export type CatchUp = 'skip' | 'once' | 'all';

/** Body of a schedule: the slot that it runs for, which lies in the past after downtime. */
export interface Tick {
  readonly at: Date;
}

export interface ScheduleOptions<D extends Deps = NoDeps>
  extends Omit<TaskOptions<undefined, D>, 'body' | 'protocol'>,
    RetryOptions {
  /** Default: `once`. */
  catchUp?: CatchUp;
}

export interface CronOptions<D extends Deps = NoDeps> extends ScheduleOptions<D> {
  /** An IANA name such as `Europe/Berlin`. Default: `UTC`, so that all machines agree. */
  timeZone?: string;
}

/** Fires in each process that serves the task, from its start on and without the broker; nothing is retried or caught up. */
export interface PerProcessOptions<D extends Deps = NoDeps>
  extends Omit<TaskOptions<undefined, D>, 'body' | 'protocol'> {
  perProcess: true;
}

/** When a schedule fires: multiples of an interval since 1970, or a cron expression in a time zone. */
export type ScheduleRule =
  | { readonly every: string; readonly intervalMs: number }
  | { readonly cron: string; readonly timeZone: string };

/** What the registry keeps of a schedule. */
export interface Schedule {
  readonly rule: ScheduleRule;
  readonly catchUp: CatchUp;
  readonly perProcess: boolean;
}

/** A registered schedule. */
export interface ScheduleTask<R extends string = string> extends Task<R> {
  readonly kind: 'schedule';
  // biome-ignore lint/suspicious/noExplicitAny: a handle says nothing of what its handler depends on
  readonly handler: Handler<Tick, unknown, any>;
}

export interface RegisterSchedule<R extends string, D = NoDeps> extends Decorate<undefined, D> {
  (handler: Handler<Tick, unknown, Injected<D>>): ScheduleTask<R>;
}

/** Intervals begin at multiples of themselves since 1970, in UTC: all processes agree, and `'1 d'` is midnight. */
export type EveryFn = <const R extends string, D extends Deps = NoDeps>(
  name: R,
  interval: Interval,
  options?: ScheduleOptions<D> | PerProcessOptions<D>,
) => RegisterSchedule<R, D>;

/**
 * Five fields, or six with seconds in front. Where clocks go forward, a fixed time that does not exist fires at the first one
 * that does; where they go back, a fixed time that comes twice fires once, and a repeating one (with `*`) goes on.
 */
export type CronFn = <const R extends string, D extends Deps = NoDeps>(
  name: R,
  expression: string,
  options?: CronOptions<D>,
) => RegisterSchedule<R, D>;
