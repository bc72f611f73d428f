/** Tasks on class methods: `this` is one instance per service, made by `new Class()` when the worker starts. */
import { type InjectedField, takeInjected } from '../dependencies/inject.js';
import { BgTasksError, messageOf } from '../errors.js';
import type { Handler } from './task.js';

type Constructor = new () => object;

interface Instance {
  readonly owner: object;
  readonly injected: readonly InjectedField[];
}

/** The instances of one service, by class. */
export type Instances = Map<Constructor, Instance>;

/** The handler behind a decorated method. `target` is the prototype, or the class itself for a static method. */
export function decorated(target: object, key: PropertyKey, instances: Instances): Handler<unknown, unknown> {
  return (...args: readonly unknown[]) => callMethod(target, key, instances, args);
}

/** Of whichever arguments. */
export function callMethod(target: object, key: PropertyKey, instances: Instances, args: readonly unknown[]): unknown {
  const owner = typeof target === 'function' ? target : instanceOf(target, instances).owner;
  const method = (owner as Record<PropertyKey, unknown>)[key];
  if (typeof method !== 'function') {
    throw new BgTasksError('INVALID_TASK', `A task stands on "${String(key)}", which is no method.`);
  }
  return method.apply(owner, args) as unknown;
}

/** The dependencies in the fields of the class on whose method a task stands. */
export function injectedInto(target: object, instances: Instances): readonly InjectedField[] {
  return typeof target === 'function' ? [] : instanceOf(target, instances).injected;
}

function instanceOf(target: object, instances: Instances): Instance {
  const type = target.constructor as Constructor;
  const found = instances.get(type);
  if (found) return found;
  const owner = made(type);
  const instance = { owner, injected: takeInjected(owner) };
  instances.set(type, instance);
  return instance;
}

function made(type: Constructor): object {
  try {
    return new type();
  } catch (error) {
    const message = `The class "${type.name}", whose methods are tasks, could not be made: ${messageOf(error)}`;
    throw new BgTasksError('INVALID_TASK', message, { class: type.name }, { cause: error });
  }
}
