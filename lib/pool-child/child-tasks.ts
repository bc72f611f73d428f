/** The tasks of the modules that a child has loaded, by route, each with its service. */

import { BgTasksError } from '../errors.js';
import type { Service } from '../service/service.js';
import type { TaskDefinition } from '../tasks/task.js';
import type { Dependencies } from '../worker/dependencies.js';
import type { RunMessage } from '../worker/pool/messages.js';
import type { ChildHost } from './child-host.js';

export interface Found {
  readonly service: Service;
  readonly task: TaskDefinition;
  /** Set up once in each child. */
  readonly dependencies: Dependencies;
}

export class ChildTasks implements ChildHost {
  readonly #tasks = new Map<string, Omit<Found, 'dependencies'>[]>();
  /** Those that have run a task. */
  readonly #used = new Map<Service, Promise<Dependencies>>();

  get routes(): readonly string[] {
    return [...this.#tasks.keys()];
  }

  registered(service: Service, task: TaskDefinition): void {
    this.#tasks.set(task.route, [...(this.#tasks.get(task.route) ?? []), { service, task }]);
  }

  /** Its service has what its handlers need: the data source is initialised. */
  async find({ route, serviceName, urls }: RunMessage): Promise<Found> {
    const all = this.#tasks.get(route) ?? [];
    const own = all.filter(({ service }) => service.internals.peek().serviceName === serviceName);
    const [found] = all.length === 1 ? all : own;
    if (!found || (all.length > 1 && own.length > 1)) throw notFound(route, all.length);
    const { service } = found;
    const prepared = this.#used.get(service) ?? service.internals.prepareChild(urls);
    this.#used.set(service, prepared);
    const dependencies = await prepared.catch((error) => {
      this.#used.delete(service);
      throw error;
    });
    return { ...found, dependencies };
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#used.keys()].map((service) => service.close()));
  }
}

function notFound(route: string, count: number): BgTasksError {
  const message =
    count === 0
      ? `"${route}" is not in the modules that the children of a pool load: name its module in the setting "tasks".`
      : `"${route}" is a task of ${count} services: in a pool they are told apart by "serviceName".`;
  return new BgTasksError('INVALID_TASK', message, { route });
}
