/**
 * The tasks of one service, by route.
 *
 * Shape:  a second task of a route is refused, and both places are named. In a test environment tasks may replace each
 *         other: a stub stands before a task of the test, that before one of a loaded module, whichever came first;
 *         within one layer the later one counts.
 * Errors: `DUPLICATE_TASK`.
 */
import { BgTasksError } from '../errors.js';
import type { TaskDefinition } from './task.js';

/** From the weakest to the strongest. */
const LAYERS = ['loaded', 'direct', 'stub'] as const;
export type Layer = (typeof LAYERS)[number];

export class Registry {
  readonly #tasks = new Map<string, Map<Layer, TaskDefinition>>();
  readonly #listeners = new Set<(task: TaskDefinition) => void>();

  add(task: TaskDefinition, layer: Layer, mayReplace: boolean): void {
    const entry = this.#tasks.get(task.route) ?? new Map<Layer, TaskDefinition>();
    const first = strongest(entry);
    if (first && !mayReplace) throw duplicate(first, task);
    entry.set(layer, task);
    this.#tasks.set(task.route, entry);
    for (const listener of this.#listeners) listener(task);
  }

  get(route: string): TaskDefinition | undefined {
    const entry = this.#tasks.get(route);
    return entry && strongest(entry);
  }

  /** What is served, in the order of registration. */
  all(): readonly TaskDefinition[] {
    return [...this.#tasks.values()].map((entry) => strongest(entry)).filter((task) => task !== undefined);
  }

  /** Calls `listener` for every task that comes from now on. */
  onAdd(listener: (task: TaskDefinition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  removeLayer(layer: Layer): void {
    for (const [route, entry] of this.#tasks) {
      entry.delete(layer);
      if (entry.size === 0) this.#tasks.delete(route);
    }
  }
}

function strongest(entry: ReadonlyMap<Layer, TaskDefinition>): TaskDefinition | undefined {
  return LAYERS.map((layer) => entry.get(layer)).findLast((task) => task !== undefined);
}

function duplicate(first: TaskDefinition, second: TaskDefinition): BgTasksError {
  const { route } = first;
  const message = `"${route}" is registered twice: at ${first.place}, and at ${second.place}. Remove or rename one.`;
  return new BgTasksError('DUPLICATE_TASK', message, { route, places: [first.place, second.place] });
}
