/**
 * What handlers need beside their body: built once per worker process, and given to every call that asks for it.
 *
 * Shape:  `dependency({ setup, get, afterCall, close })`, then `deps: { db }` of a task and `context.deps.db`, or
 *         `db = inject(...)` in a class. A task that asks twice for one dependency gets one value per call.
 * Errors: `USAGE` for parts that are none, when the dependency is made.
 */
import { BgTasksError, preview } from '../errors.js';
import type { TaskContext } from '../tasks/task.js';

/** `S` is what the process keeps, `T` what a call gets. */
export interface DependencyParts<S, T> {
  /** Builds what all calls share, when the worker starts. What it throws ends the start. */
  setup(): S | Promise<S>;
  /** The value for one call, before the handler and after the body was checked. Default: what `setup` gave. */
  get?(shared: S, context: TaskContext): T | Promise<T>;
  /**
   * After the handler, with what it threw, if so; before its caller is answered. What this throws is a failure of the task.
   * Dependencies end in reverse order.
   */
  afterCall?(value: NoInfer<T>, context: TaskContext, error?: unknown): void | Promise<void>;
  /** When the worker has finished what ran; the last one built is closed first. */
  close?(shared: S): void | Promise<void>;
}

/** What `dependency(...)` gives: a value of type `T` for each call. */
export interface Dependency<T> {
  readonly dependency: DependencyParts<unknown, T>;
}

export type Deps = Readonly<Record<string, Dependency<unknown>>>;

/** No dependencies: what `context.deps` is without the option `deps`. */
// biome-ignore lint/complexity/noBannedTypes: reads as what it is where an editor shows a context
export type NoDeps = {};

/** The values of dependencies: `{ db: Dependency<Database> }` becomes `{ db: Database }`. */
export type Injected<D> = { readonly [K in keyof D]: D[K] extends Dependency<infer T> ? T : never };

const PARTS: readonly string[] = ['setup', 'get', 'afterCall', 'close'];

/** `const db = dependency({ setup: () => openPool(), get: (pool) => pool.connect(), afterCall: (db) => db.release() })`. */
export function dependency<S, T = S>(parts: DependencyParts<S, T>): Dependency<T> {
  if (typeof (parts as Partial<typeof parts> | null)?.setup !== 'function') {
    throw new BgTasksError('USAGE', `dependency({ setup }) needs a function "setup", not ${preview(parts)}.`);
  }
  for (const [name, part] of Object.entries(parts)) {
    const problem = PARTS.includes(name) ? undefined : `has no part "${name}"; its parts are: ${PARTS.join(', ')}.`;
    if (problem) throw new BgTasksError('USAGE', `dependency(...) ${problem}`);
    if (part === undefined || typeof part === 'function') continue;
    throw new BgTasksError('USAGE', `dependency(...): "${name}" must be a function, not ${preview(part)}.`);
  }
  return Object.freeze({ dependency: parts as DependencyParts<unknown, T> });
}

export function isDependency(value: unknown): value is Dependency<unknown> {
  return typeof (value as Partial<Dependency<unknown>> | null)?.dependency?.setup === 'function';
}
