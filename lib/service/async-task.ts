/** `asyncTask` of a service: a function becomes a job of its registry, and a function that queues its runs. */
import { BgTasksError, preview } from '../errors.js';
import { positional, readArguments } from '../tasks/arguments.js';
import type { AsyncTask, AsyncTaskFn, AsyncTaskOptions, EnqueueRun } from '../tasks/async-task.js';
import { instancesOf, type LoadTransformer } from '../tasks/instances.js';
import { callerPlace } from '../tasks/place.js';
import { checkJobRoute } from '../tasks/route.js';
import type { TaskDefinition } from '../tasks/task.js';
import { checkTaskOptions } from '../tasks/task-options.js';
import type { Positional } from './register.js';

export interface AsyncTaskParts {
  add(task: TaskDefinition): void;
  readonly enqueue: EnqueueRun;
  readonly loadTransformer: LoadTransformer;
}

export function asyncTasks({ add, enqueue, loadTransformer }: AsyncTaskParts): AsyncTaskFn {
  const asyncTask = ((route: string, given: AsyncTaskOptions = {}) => {
    const place = callerPlace(asyncTask as Positional);
    checkJobRoute(route);
    const { classes = [], ...options } = given;
    checkTaskOptions('job', route, options);
    const names = (options.params ?? []).map((param) => param.replace(/\?$/, ''));
    const instances = instancesOf(route, checkedClasses(route, classes), loadTransformer);

    return (handler: Positional) => {
      if (typeof handler !== 'function') {
        const message = `asyncTask("${route}") needs a function as its handler, not ${preview(handler)}.`;
        throw new BgTasksError('INVALID_TASK', message, { route });
      }
      const run = async (body: unknown) => {
        const args = positional(route, names, readArguments(body) ?? { args: [body] });
        return handler(...(await instances.read(args)));
      };
      add({ kind: 'job', route, options, place, handler: run });
      const queue = async (args: readonly unknown[], delay: { readonly delayMs?: number }) =>
        enqueue(route, { args: await instances.write(args) }, delay);
      const task = (...args: readonly unknown[]) => queue(args, {});
      const now = async (...args: readonly unknown[]) => handler(...args);
      const after = (delayMs: number, ...args: readonly unknown[]) => queue(args, { delayMs });
      return Object.assign(task, { kind: 'job', route, now, after }) as AsyncTask;
    };
  }) as AsyncTaskFn;
  return asyncTask;
}

function checkedClasses(route: string, classes: AsyncTaskOptions['classes']): NonNullable<AsyncTaskOptions['classes']> {
  if (Array.isArray(classes) && classes.every((type) => typeof type === 'function')) return classes;
  throw new BgTasksError('INVALID_TASK', `Task "${route}": "classes" must be a list of classes.`, { route });
}
