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
  readonly #layers = new Map<string, Map<Layer, TaskDefinition>>();
  /** The strongest of each route, in the order of registration: asked for with every call and delivery. */
  readonly #tasks = new Map<string, TaskDefinition>();
  readonly #listeners = new Set<(task: TaskDefinition) => void>();

  add(task: TaskDefinition, layer: Layer, mayReplace: boolean): void {
    const { route } = task;
    const first = this.#tasks.get(route);
    if (first && !mayReplace) throw duplicate(first, task);
    const layers = this.#layers.get(route) ?? new Map<Layer, TaskDefinition>();
    this.#layers.set(route, layers.set(layer, task));
    this.#choose(route, layers);
    for (const listener of this.#listeners) listener(task);
  }

  get(route: string): TaskDefinition | undefined {
    return this.#tasks.get(route);
  }

  /** What is served, in the order of registration. */
  all(): readonly TaskDefinition[] {
    return [...this.#tasks.values()];
  }

  /** Calls `listener` for every task that comes from now on. */
  onAdd(listener: (task: TaskDefinition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  removeLayer(layer: Layer): void {
    for (const [route, layers] of this.#layers) {
      if (layers.delete(layer)) this.#choose(route, layers);
    }
  }

  #choose(route: string, layers: ReadonlyMap<Layer, TaskDefinition>): void {
    const strongest = LAYERS.map((layer) => layers.get(layer)).findLast((task) => task !== undefined);
    if (strongest) {
      this.#tasks.set(route, strongest);
      return;
    }
    this.#tasks.delete(route);
    this.#layers.delete(route);
  }
}

function duplicate(first: TaskDefinition, second: TaskDefinition): BgTasksError {
  const { route } = first;
  const message = `"${route}" is registered twice: at ${first.place}, and at ${second.place}. Remove or rename one.`;
  return new BgTasksError('DUPLICATE_TASK', message, { route, places: [first.place, second.place] });
}
