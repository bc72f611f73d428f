/**
 * Dependencies as fields of a class whose methods are tasks: `publish = inject(publisher())`.
 *
 * Shape:  `inject` leaves a mark in the field; the one instance per service gets a getter in its place, which finds the value
 *         of the call that runs (AsyncLocalStorage). So calls at the same time share `this`, and no values.
 * Errors: `USAGE` where no task of the class runs, and in a field that cannot be replaced: `#private`, or of another class.
 */
import { BgTasksError } from '../errors.js';
import { currentScope } from '../scope.js';
import type { Dependency } from './dependency.js';

/** What the values of a call are kept under, in its context. */
export interface Provided {
  readonly provided: ReadonlyMap<Dependency<unknown>, unknown>;
}

/** A mark is asked for its dependency by this name. Registered, as two copies of the package may meet in one process. */
const MARK = Symbol.for('bgtasks.inject');

/**
 * In a class with decorated methods, a public field: `db = inject(entityManager())`, then `this.db` in a method. Each field
 * has its value for every task of the class.
 */
export function inject<T>(dependency: Dependency<T>): T {
  const refuse = (): never => {
    const message =
      'inject(...) stands in a public field of a class whose methods are tasks, and is read while one of them runs.';
    throw new BgTasksError('USAGE', message);
  };
  const get = (_target: object, key: PropertyKey) => (key === MARK ? dependency : refuse());
  return new Proxy(() => {}, { get, set: refuse, has: refuse, apply: refuse, construct: refuse }) as T;
}

/** A field of a class, as messages name it, and what stands in it. */
export type InjectedField = readonly [field: string, dependency: Dependency<unknown>];

/** The fields of an instance that have dependencies; the marks in them become getters. */
export function takeInjected(instance: object): readonly InjectedField[] {
  const found: InjectedField[] = [];
  for (const key of Reflect.ownKeys(instance)) {
    const dependency = dependencyIn(Object.getOwnPropertyDescriptor(instance, key)?.value);
    if (!dependency) continue;
    const field = `${instance.constructor.name}.${String(key)}`;
    found.push([field, dependency]);
    Object.defineProperty(instance, key, { get: () => currentValue(dependency, field), enumerable: true });
  }
  return found;
}

function dependencyIn(value: unknown): Dependency<unknown> | undefined {
  if (typeof value !== 'function') return undefined;
  return (value as { [MARK]?: Dependency<unknown> })[MARK];
}

function currentValue(dependency: Dependency<unknown>, field: string): unknown {
  const { provided } = (currentScope()?.task ?? {}) as Partial<Provided>;
  if (provided?.has(dependency)) return provided.get(dependency);
  throw new BgTasksError('USAGE', `"${field}" has a value only while a task of its class runs.`, { field });
}
