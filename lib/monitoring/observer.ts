/**
 * What happens in a service, told to those who measure or trace it. Where nobody does, there is no observer at all.
 *
 * Shape:  whatever takes time is an `Activity`: begun with its facts, ended once with its outcome. Observers throw nothing.
 */
import type { Caller } from '../caller.js';
import type { TaskKind } from '../tasks/task.js';

export type Ended = { readonly value: unknown } | { readonly error: unknown };

export interface Activity {
  /** What travels with the message, in place of the caller it was begun for. */
  readonly caller: Caller;
  /** Runs what belongs to it. */
  run<T>(work: () => T): T;
  end(outcome: Ended): void;
}

/** A call, until its answer. */
export interface CallFacts {
  readonly route: string;
  readonly caller: Caller;
}

/** A job or an event, until the broker has it. */
export interface PublishFacts {
  readonly kind: 'job' | 'event';
  /** Of the job, or the name of the event. */
  readonly route: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageId: string;
  readonly caller: Caller;
}

export interface MessageSource {
  readonly exchange: string;
  readonly routingKey: string;
  /** Undefined where it is of this process alone. */
  readonly queue: string | undefined;
  /** Of the body. */
  readonly bytes: number;
}

/** A run of a handler, with the check of its body. */
export interface HandleFacts {
  readonly kind: TaskKind;
  readonly route: string;
  readonly messageId: string;
  readonly correlationId: string | undefined;
  readonly attempt: number;
  /** Undefined for what came by no broker: a WebSocket, a schedule of the process. */
  readonly source: MessageSource | undefined;
  /** From the arrival in this process to the start. */
  readonly waitMs: number;
  readonly caller: Caller;
}

/** A request of remote fields, around its call. */
export interface BatchFacts {
  readonly route: string;
  readonly keys: number;
  readonly caller: Caller;
}

export interface Observer {
  call(facts: CallFacts): Activity;
  publish(facts: PublishFacts): Activity;
  handle(facts: HandleFacts): Activity;
  remoteBatch(facts: BatchFacts): Activity;
  /** A failed run will be followed by another. */
  retry(kind: TaskKind, route: string): void;
  /** A message went to the dead letters. */
  deadLetter(kind: TaskKind, route: string): void;
}

export type MaybeObserver = Observer | undefined;

/** Does `work` as the activity, and ends it. */
export async function during<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
  try {
    const value = await activity.run(work);
    activity.end({ value });
    return value;
  } catch (error) {
    activity.end({ error });
    throw error;
  }
}

/** One for all; undefined for none. The first is the outermost. */
export function combined(observers: readonly Observer[]): Observer | undefined {
  if (observers.length < 2) return observers[0];
  return {
    call: (facts) => nested(observers, (observer, caller = facts.caller) => observer.call({ ...facts, caller })),
    publish: (facts) => nested(observers, (observer, caller = facts.caller) => observer.publish({ ...facts, caller })),
    handle: (facts) => nested(observers, (observer, caller = facts.caller) => observer.handle({ ...facts, caller })),
    remoteBatch: (facts) =>
      nested(observers, (observer, caller = facts.caller) => observer.remoteBatch({ ...facts, caller })),
    retry: (kind, route) => observers.forEach((each) => void each.retry(kind, route)),
    deadLetter: (kind, route) => observers.forEach((each) => void each.deadLetter(kind, route)),
  };
}

function nested(observers: readonly Observer[], begin: (observer: Observer, caller?: Caller) => Activity): Activity {
  const activities: Activity[] = [];
  for (const observer of observers) activities.push(begin(observer, activities.at(-1)?.caller));
  return {
    caller: (activities.at(-1) as Activity).caller,
    run: (work) => activities.reduceRight((inner, activity) => () => activity.run(inner), work)(),
    end: (outcome) => activities.forEach((activity) => void activity.end(outcome)),
  };
}
