/**
 * What triggers the target of a route: an event, a clock, a call over AMQP or over a WebSocket. As data: nothing here
 * registers or opens anything.
 *
 * Names:  what stands on the wire is the name of the target, `function` or `Class.method`; `name` replaces it.
 */
import { BgTasksError, preview } from '../../errors.js';
import type { Events } from '../../tasks/event.js';
import type { TaskContext, TaskKind } from '../../tasks/task.js';
import { checkKnown } from './known-options.js';

/** The body of an event that `Events` knows, else `B`. */
export type EventBodyOr<N, B> = N extends keyof Events ? Events[N] : B;

export interface EventListenerOptions<B> {
  /** On the body as it came, before translators. False: the target does not run. */
  filter?: (body: B, context: TaskContext) => boolean | Promise<boolean>;
  /** The last part of the queue's name: `<source>.<event>__<service>.<name>`. Default: that of the target. */
  name?: string;
}

export interface EventEntrypoint<N extends string = string> {
  readonly kind: 'event';
  readonly service: string;
  readonly event: N;
  readonly filter?: (body: never, context: TaskContext) => boolean | Promise<boolean>;
  readonly name?: string;
}

export interface TimeEntrypoint {
  readonly kind: 'schedule';
  readonly seconds: number;
  readonly name?: string;
}

export interface CallOptions {
  /** Names of the arguments, for callers that give them by name; a last `?` marks one that may be left out. */
  params?: readonly string[];
  /** What callers are told of the target. */
  description?: string;
}

export interface CallEntrypoint extends CallOptions {
  readonly kind: 'rpc' | 'websocket';
  readonly name?: string;
}

export type Entrypoint = EventEntrypoint | TimeEntrypoint | CallEntrypoint;

const CALL_OPTIONS: readonly string[] = ['params', 'description'];
const KINDS: readonly TaskKind[] = ['event', 'schedule', 'rpc', 'websocket'];

/** An event of a service: the target gets its body. Several processes of one service share the events. */
export function eventListener<const N extends string, B = unknown>(
  service: string,
  event: N,
  options: EventListenerOptions<EventBodyOr<N, B>> = {},
): EventEntrypoint<N> {
  checkKnown('eventListener(...)', options, ['filter', 'name']);
  return { kind: 'event', service, event, ...options };
}

/** Every so many seconds (at least 1), in each process, from its start on: the target gets `{ at: Date }`. */
export function time(seconds: number, name?: string): TimeEntrypoint {
  if (typeof seconds !== 'number' || !(seconds >= 1)) {
    throw new BgTasksError('INVALID_TASK', `time(...) takes seconds, at least 1, not ${preview(seconds)}.`);
  }
  return { kind: 'schedule', seconds, ...named(name) };
}

/** A call over AMQP, as `<service>.<name>`: the target gets its arguments by position. */
export function rpc(name?: string, options: CallOptions = {}): CallEntrypoint {
  checkKnown('rpc(...)', options, CALL_OPTIONS);
  return { kind: 'rpc', ...named(name), ...options };
}

/** A call over the WebSocket of this process: the target gets its arguments by position. */
export function webSocket(name?: string, options: CallOptions = {}): CallEntrypoint {
  checkKnown('webSocket(...)', options, CALL_OPTIONS);
  return { kind: 'websocket', ...named(name), ...options };
}

export function isEntrypoint(value: unknown): value is Entrypoint {
  return (KINDS as readonly unknown[]).includes((value as Partial<Entrypoint> | null | undefined)?.kind);
}

function named(name: string | undefined): { name?: string } {
  return name === undefined ? {} : { name };
}
