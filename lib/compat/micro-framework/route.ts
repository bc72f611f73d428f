/**
 * A target and what triggers it, with what stands between the two.
 *
 * Order:  filter -> translators -> before -> dependencies -> target -> after.
 * Errors: `INVALID_TASK` for parts that are none, naming them; those of targets.
 */
import { type Deps, type Injected, isDependency, type NoDeps } from '../../dependencies/dependency.js';
import { BgTasksError, preview } from '../../errors.js';
import type { Arguments } from '../../tasks/arguments.js';
import { callerPlace } from '../../tasks/place.js';
import { isPoolKind, POOL_KINDS, type PoolKind } from '../../tasks/pool.js';
import type { Tick } from '../../tasks/schedule.js';
import type { Handler, Middleware, TaskContext } from '../../tasks/task.js';
import type { RouteBackOff } from './backoff.js';
import {
  type CallEntrypoint,
  type Entrypoint,
  type EventBodyOr,
  type EventEntrypoint,
  isEntrypoint,
  type TimeEntrypoint,
} from './entrypoints.js';
import { checkKnown } from './known-options.js';
import { type Target, type TargetClass, type TargetPath, targetOf } from './targets.js';

/** `F` is the target where it is a function, `B` the body that translators leave. */
export interface RouteOptions<E extends Entrypoint, F, B, D extends Deps> {
  /**
   * What runs: a function, a class, or the path of either, which is imported only where it runs. Its name is that on the
   * wire; a function that is written here is called `target`, unless its entrypoint has a name.
   */
  target: F | TargetClass | TargetPath;
  /** What triggers it. */
  entrypoint: E;
  /** Of a class, the method that runs. Default: `call`. */
  method?: string;
  /** What `dependency(...)` gave, by name: the target finds the values in `context.deps`, or in `currentTask()`. */
  dependencies?: D;
  /** Change the message, or refuse it by throwing: first to last. */
  translators?: readonly Middleware[];
  /** Where the target runs: in this process, in a thread, or in a process of its own. Default: as `WORKER_MODE` says. */
  workerClass?: PoolKind;
  /** Runs before the target, in the process of the Runner; what it throws is a failure of the target. */
  before?: (body: B, context: TaskContext) => unknown;
  /** Runs after a target that did not fail; what it throws is a failure of the target. */
  after?: (answer: unknown, context: TaskContext) => unknown;
}

/** What only messages can have, as they can come again. */
export interface EventRouteOptions<E extends Entrypoint, F, B, D extends Deps> extends RouteOptions<E, F, B, D> {
  /** What `asyncBackOff(...)` gave. Default: a target that fails does not run again. */
  backoff?: RouteBackOff;
  /** Runs once, after the last attempt has failed: with the body, and the error as `context.failure`. */
  callback?: F | TargetPath;
}

export interface Route {
  readonly entrypoint: Entrypoint;
}

export interface RouteConstructor {
  /** An event: the target gets its body and the context. */
  new <N extends string, B = EventBodyOr<N, unknown>, D extends Deps = NoDeps>(
    options: EventRouteOptions<
      EventEntrypoint<N>,
      Handler<EventBodyOr<N, B>, unknown, Injected<D>>,
      EventBodyOr<N, B>,
      D
    >,
  ): Route;
  /** A clock: the target gets `{ at: Date }` and the context. */
  new <D extends Deps = NoDeps>(
    options: RouteOptions<TimeEntrypoint, Handler<Tick, unknown, Injected<D>>, Tick, D>,
  ): Route;
  /** A call: the target gets the arguments alone, by position, and reads the context with `currentTask()`. */
  new <P extends readonly unknown[], D extends Deps = NoDeps>(
    options: RouteOptions<CallEntrypoint, (...args: P) => unknown, Arguments, D>,
  ): Route;
}

type AnyOptions = Partial<Omit<EventRouteOptions<Entrypoint, unknown, unknown, Deps>, 'target' | 'callback'>> & {
  readonly target?: unknown;
  readonly callback?: unknown;
};

const OPTIONS: readonly string[] = [
  'target',
  'entrypoint',
  'method',
  'dependencies',
  'translators',
  'backoff',
  'callback',
  'workerClass',
  'before',
  'after',
];

/** A Route with its parts checked, as a Runner reads it. */
export class CheckedRoute implements Route {
  readonly entrypoint: Entrypoint;
  readonly target: Target;
  readonly callback: Target | undefined;
  readonly pool: PoolKind | undefined;
  readonly backoff: RouteBackOff | undefined;
  readonly dependencies: Deps | undefined;
  /** Translators, then what stands right before and after the target. */
  readonly middleware: readonly Middleware[];
  readonly translators: readonly Middleware[];
  /** File and line, for messages. */
  readonly place: string;

  constructor(options: AnyOptions) {
    checkKnown('new Route(...)', options, OPTIONS);
    const { entrypoint, target, method, callback, translators = [], before, after } = options;
    this.place = callerPlace(CheckedRoute as unknown as () => void);
    this.target = targetOf(target, method);
    if (!isEntrypoint(entrypoint)) {
      throw this.#invalid(
        `"entrypoint" must be what eventListener, time, rpc or webSocket gave, not ${preview(entrypoint)}.`,
      );
    }
    this.entrypoint = entrypoint;
    this.#check(options);
    this.callback = callback === undefined ? undefined : this.#callbackOf(callback);
    this.pool = options.workerClass;
    this.backoff = options.backoff;
    this.dependencies = options.dependencies;
    this.translators = translators;
    this.middleware = before || after ? [...translators, around(before, after)] : translators;
  }

  /** What stands on the wire. */
  get name(): string {
    return this.entrypoint.name ?? this.target.name;
  }

  #check({ dependencies = {}, translators = [], workerClass, backoff, callback, ...hooks }: AnyOptions): void {
    if (this.name === '') throw this.#invalid('the function has no name: give it one, or give its entrypoint a name.');
    for (const [name, value] of Object.entries(dependencies)) {
      if (isDependency(value)) continue;
      throw this.#invalid(`"dependencies.${name}" must be what dependency(...) gave, not ${preview(value)}.`);
    }
    if (!(Array.isArray(translators) && translators.every((each) => typeof each === 'function'))) {
      throw this.#invalid('"translators" must be a list of middleware: (body, context, next) => next(changed).');
    }
    if (workerClass !== undefined && !isPoolKind(workerClass)) {
      throw this.#invalid(`"workerClass" must be one of ${POOL_KINDS.join(', ')}, not ${preview(workerClass)}.`);
    }
    for (const name of ['before', 'after'] as const) {
      if (hooks[name] === undefined || typeof hooks[name] === 'function') continue;
      throw this.#invalid(`"${name}" must be a function, not ${preview(hooks[name])}.`);
    }
    if (backoff !== undefined && (typeof backoff !== 'object' || backoff === null)) {
      throw this.#invalid(`"backoff" must be what asyncBackOff(...) gave, not ${preview(backoff)}.`);
    }
    const name = backoff ? 'backoff' : callback ? 'callback' : undefined;
    if (name === undefined || this.entrypoint.kind === 'event') return;
    throw this.#invalid(`"${name}" is for eventListener(...): only an event comes again. Remove it.`);
  }

  #callbackOf(given: unknown): Target {
    const callback = targetOf(given);
    if (callback.handler.length === 1) return callback;
    throw this.#invalid(`"callback" must be a function or a path, not the class of "${callback.name}".`);
  }

  #invalid(problem: string): BgTasksError {
    const name = this.target.name || 'a function';
    const message = `The Route of "${name}" (${this.place}): ${problem}`;
    return new BgTasksError('INVALID_TASK', message, { target: this.target.name, place: this.place });
  }
}

/** `new Route({ target, entrypoint })`: what a Runner runs, and when. */
export const Route = CheckedRoute as RouteConstructor;

function around(before: AnyOptions['before'], after: AnyOptions['after']): Middleware {
  return async (body, context, next) => {
    await before?.(body, context);
    const answer = await next(body);
    await after?.(answer, context);
    return answer;
  };
}
