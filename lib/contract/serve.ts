/**
 * Serves a contract: each of its methods becomes a task `<name>.<method>`.
 *
 * Shape:  every call gets a fresh `this` that has the methods: what it stores there is gone at the next call, and methods
 *         that call each other run in the same process.
 * Errors: `INVALID_TASK` where the implementation lacks a method, and where a peer could not understand the contract.
 */
import { BgTasksError } from '../errors.js';
import { positional, readArguments } from '../tasks/arguments.js';
import type { Handler, TaskOptions } from '../tasks/task.js';
import { type Contract, type Implementation, type MethodOptions, routeOf } from './contract.js';

/** The task that lists the methods of a contract, for `verify()`. */
export const LIST_METHODS = '__methods__';

/** The protocol that sends arguments by name alone. */
const BY_NAME: string = 'celery';

type Method = (...args: unknown[]) => unknown;

/** A class is made anew for each call; of an object, each call gets one that inherits from it. */
export type Served<T> = Implementation<T> | (new () => Implementation<T>);

export function serveContract<T extends object>(
  register: (route: string, options: TaskOptions, handler: Handler<unknown, unknown>) => void,
  contract: Contract<T>,
  implementation: Served<NoInfer<T>>,
  options: TaskOptions = {},
): void {
  const fresh = freshInstances(implementation as object);
  const methods = Object.entries(contract.methods as Record<string, MethodOptions>);
  for (const [method, { args }] of methods) {
    const route = routeOf(contract.name, method);
    const found = methodOf(implementation as object, method, fresh);
    if (typeof found !== 'function') throw invalid(contract.name, `its implementation has no method "${method}".`);
    if (options.protocol === BY_NAME) checkForCelery(contract, method, found as Method);
    register(route, options, (body) => {
      const self = fresh() as Record<string, Method>;
      const list = positional(route, args, readArguments(body) ?? { args: body === null ? [] : [body] });
      return (self[method] as Method).apply(self, list);
    });
  }
  if (options.protocol === BY_NAME) return; // Celery lists its own tasks
  register(routeOf(contract.name, LIST_METHODS), { ...options }, () => methods.map(([method]) => method));
}

/** On a class: of its prototype, where methods stand; an instance is made only for methods that are fields. */
function methodOf(implementation: object, method: string, fresh: () => object): unknown {
  const shape = typeof implementation === 'function' ? (implementation.prototype as object) : implementation;
  return (shape as Record<string, unknown>)[method] ?? (fresh() as Record<string, unknown>)[method];
}

function freshInstances(implementation: object): () => object {
  if (typeof implementation !== 'function') return () => Object.create(implementation) as object;
  const type = implementation as new () => object;
  return () => new type();
}

/** Celery's contracts send arguments by name, under the name of the class that declares the method. */
function checkForCelery({ name, type }: Pick<Contract<object>, 'name' | 'type'>, method: string, found: Method): void {
  if (Object.getPrototypeOf(type) !== Function.prototype) {
    throw invalid(name, 'it extends another class, whose methods celery-abc knows under the name of that one.');
  }
  const params = /\(([\s\S]*?)\)/.exec(Function.prototype.toString.call(found))?.[1] ?? '';
  if (params.includes('...')) throw invalid(name, `"${method}" has rest arguments, which have no names to be sent by.`);
}

function invalid(name: string, problem: string): BgTasksError {
  return new BgTasksError('INVALID_TASK', `The contract "${name}" cannot be served: ${problem}`, { contract: name });
}
