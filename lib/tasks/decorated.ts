/** Tasks on class methods: `this` is one instance per service, made by `new Class()` before its first call. */
import { BgTasksError } from '../errors.js';
import type { Handler } from './task.js';

type Constructor = new () => object;

/** The instances of one service, by class. */
export type Instances = Map<Constructor, object>;

/** The handler behind a decorated method. `target` is the prototype, or the class itself for a static method. */
export function decorated(target: object, key: PropertyKey, instances: Instances): Handler<unknown, unknown> {
  return (...args: readonly unknown[]) => callMethod(target, key, instances, args);
}

/** Of whichever arguments. */
export function callMethod(target: object, key: PropertyKey, instances: Instances, args: readonly unknown[]): unknown {
  const owner = typeof target === 'function' ? target : instanceOf(target.constructor as Constructor, instances);
  const method = (owner as Record<PropertyKey, unknown>)[key];
  if (typeof method !== 'function') {
    throw new BgTasksError('INVALID_TASK', `A task stands on "${String(key)}", which is no method.`);
  }
  return method.apply(owner, args) as unknown;
}

function instanceOf(type: Constructor, instances: Instances): object {
  const found = instances.get(type) ?? new type();
  instances.set(type, found);
  return found;
}
