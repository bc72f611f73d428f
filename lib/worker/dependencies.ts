/**
 * The dependencies of the tasks of one worker process: set up once, given to calls, closed.
 *
 * Shape:  `setUp` before a task is consumed, `run` around each handler, `close` after the last one. A task that has none costs
 *         nothing.
 * Errors: `DEPENDENCY_FAILED`, naming the dependency and its task.
 */
import type { Dependency } from '../dependencies/dependency.js';
import { BgTasksError, messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { runIn, type Scope } from '../scope.js';
import type { TaskDefinition } from '../tasks/task.js';
import type { DeliveryContext } from './delivery-context.js';

type AnyDependency = Dependency<unknown>;

/** What a task asks for: by name for `context.deps`, and all of it in order. */
interface Needs {
  readonly named: readonly (readonly [name: string, dependency: AnyDependency])[];
  readonly all: ReadonlyMap<AnyDependency, string>;
}

export class Dependencies {
  readonly #scope: Scope;
  readonly #log: Logger;
  /** In the order in which they were built. */
  readonly #shared = new Map<AnyDependency, Promise<unknown>>();
  readonly #needs = new WeakMap<TaskDefinition, Needs>();

  constructor(scope: Scope, log: Logger) {
    this.#scope = scope;
    this.#log = log;
  }

  /** One after the other, as they were declared. */
  async setUp(task: TaskDefinition): Promise<void> {
    for (const [dependency, name] of this.#needsOf(task).all) await this.#setUp(dependency, name, task);
  }

  /** A class may have them in its fields. */
  has(task: TaskDefinition): boolean {
    return (task.options.deps !== undefined || task.injected !== undefined) && this.#needsOf(task).all.size > 0;
  }

  /** `handler` with its dependencies in `context`. They end before this resolves, as the caller must learn of a failure. */
  async run(task: TaskDefinition, context: DeliveryContext, handler: () => unknown): Promise<unknown> {
    const values = new Map<AnyDependency, unknown>();
    let answer: unknown;
    try {
      await this.#get(task, context, values);
      answer = await handler();
    } catch (error) {
      await this.#end(values, context, { error: error || new Error(`The handler threw ${String(error)}.`) });
      throw error;
    }
    const failure = await this.#end(values, context, undefined);
    if (failure) throw failure.error;
    return answer;
  }

  /** The last one built is closed first. One that cannot be closed does not keep the others. */
  async close(): Promise<void> {
    const built = [...this.#shared].reverse();
    this.#shared.clear();
    for (const [{ dependency }, shared] of built) {
      try {
        const value = await shared;
        await runIn(this.#scope, () => dependency.close?.(value));
      } catch (error) {
        this.#log.error({ err: error }, 'dependency could not be closed');
      }
    }
  }

  #needsOf(task: TaskDefinition): Needs {
    const found = this.#needs.get(task) ?? needsOf(task);
    this.#needs.set(task, found);
    return found;
  }

  #setUp(dependency: AnyDependency, name: string, { route }: TaskDefinition): Promise<unknown> {
    const found = this.#shared.get(dependency);
    if (found !== undefined) return found;
    const shared = runIn(this.#scope, async () => dependency.dependency.setup()).catch((error) => {
      this.#shared.delete(dependency); // the next start tries again
      const message = `The dependency "${name}" of the task "${route}" could not be set up: ${messageOf(error)}`;
      throw new BgTasksError('DEPENDENCY_FAILED', message, { route, dependency: name }, { cause: error });
    });
    this.#shared.set(dependency, shared);
    return shared;
  }

  /** `values` grows with each: those that were had end with the call, also where a later one fails. */
  async #get(task: TaskDefinition, context: DeliveryContext, values: Map<AnyDependency, unknown>): Promise<void> {
    const { all, named } = this.#needsOf(task);
    for (const [each, name] of all) {
      const shared = await this.#setUp(each, name, task);
      const { dependency } = each;
      values.set(each, dependency.get ? await dependency.get(shared, context) : shared);
    }
    context.provide(Object.fromEntries(named.map(([name, each]) => [name, values.get(each)])), values);
  }

  /** What went wrong first; undefined where all went well. */
  async #end(
    values: ReadonlyMap<AnyDependency, unknown>,
    context: DeliveryContext,
    failed: { readonly error: unknown } | undefined,
  ): Promise<{ readonly error: unknown } | undefined> {
    let failure = failed;
    for (const [{ dependency }, value] of [...values].reverse()) {
      try {
        await dependency.afterCall?.(value, context, failure?.error);
      } catch (error) {
        const { route, messageId } = context;
        if (failure) this.#log.error({ route, messageId, err: error }, 'dependency could not be ended');
        failure ??= { error };
      }
    }
    return failure;
  }
}

function needsOf(task: TaskDefinition): Needs {
  const named = Object.entries(task.options.deps ?? {});
  const all = new Map<AnyDependency, string>();
  for (const [name, dependency] of named) if (!all.has(dependency)) all.set(dependency, name);
  for (const [name, dependency] of task.injected?.() ?? []) if (!all.has(dependency)) all.set(dependency, name);
  return { named, all };
}
