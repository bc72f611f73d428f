/**
 * In a child of a pool the modules of the application are loaded as in its parent, but nothing is served: services report
 * their tasks to the host instead, and `start()` does nothing.
 */
import type { Service } from '../service/service.js';
import type { TaskDefinition } from '../tasks/task.js';

export interface ChildHost {
  registered(service: Service, task: TaskDefinition): void;
}

/** Under a registered symbol, so that two copies of the package in one child know the same host. */
const KEY = Symbol.for('bgtasks.child-host');
const holder = globalThis as { [KEY]?: ChildHost };

/** Undefined everywhere but in a child. */
export function childHost(): ChildHost | undefined {
  return holder[KEY];
}

/** Before the modules of the application are loaded. */
export function becomeChild(host: ChildHost): void {
  holder[KEY] = host;
}
