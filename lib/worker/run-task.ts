/** From a body to an answer: body schema -> middleware -> dependencies -> time limit -> handler. */
import { BgTasksError, messageOf } from '../errors.js';
import { checkBody, type DtoChecker, isStandardSchema } from '../schema.js';
import type { Middleware, TaskContext, TaskDefinition } from '../tasks/task.js';
import type { MessageTree } from '../validation-error.js';
import type { DeliveryContext } from './delivery-context.js';
import type { Dependencies } from './dependencies.js';
import { timeLimit } from './middleware/time-limit.js';
import type { WorkerParts } from './worker.js';

export type CheckedBody = { readonly value: unknown } | { readonly errors: Record<string, MessageTree> };

/** The body as the handler takes it, or what its schema has against it. At once where there is no schema. */
export function checkedBody(
  { options: { body: schema } }: TaskDefinition,
  body: unknown,
  checkDto: DtoChecker,
): CheckedBody | Promise<CheckedBody> {
  if (!schema) return { value: body };
  return isStandardSchema(schema) ? checkBody(schema, body) : checkDto(schema, body);
}

/**
 * The first middleware is the outermost, those of the service come before those of the task. May throw at once: a task
 * without any of this costs no promise.
 */
export function callHandler(
  { middleware, dependencies }: Pick<WorkerParts, 'middleware' | 'dependencies'>,
  task: TaskDefinition,
  body: unknown,
  context: DeliveryContext,
): unknown {
  const around = middleware();
  const { middleware: own = [] } = task.options;
  const wraps = own.length === 0 ? around : [...around, ...own];
  if (wraps.length === 0) return callWithDependencies(dependencies, task, body, context);
  return through(wraps, 0, body, context, (last) => callWithDependencies(dependencies, task, last, context));
}

/** Runs the middleware from `index` on, then the handler. */
function through(
  wraps: readonly Middleware[],
  index: number,
  body: unknown,
  context: TaskContext,
  call: (body: unknown) => unknown,
): unknown {
  const wrap = wraps[index];
  if (!wrap) return call(body);
  let isCalled = false;
  return wrap(body, context, async (changed) => {
    if (isCalled) throw calledTwice(context.route, wrap);
    isCalled = true;
    return through(wraps, index + 1, changed, context, call);
  });
}

/** What the dependencies began must end with the wait for the handler, so the limit is within. */
function callWithDependencies(
  dependencies: Dependencies,
  task: TaskDefinition,
  body: unknown,
  context: DeliveryContext,
): unknown {
  const { handler, options } = task;
  const { timeoutMs } = options;
  const hasDependencies = dependencies.has(task);
  if (timeoutMs === undefined && !hasDependencies) return handler(body, context);
  const run = async () => handler(body, context);
  const call = timeoutMs === undefined ? run : () => timeLimit(timeoutMs)(body, context, run);
  return hasDependencies ? dependencies.run(task, context, call) : call();
}

function calledTwice(route: string, wrap: Middleware): BgTasksError {
  const message = `A middleware of "${route}"${wrap.name && ` (${wrap.name})`} called next() twice: the handler runs once.`;
  return new BgTasksError('USAGE', message, { route });
}

/** Code and message of anything that a handler throws; an error's own code counts where it is a text. */
export function describeError(thrown: unknown): { code: string; message: string } {
  try {
    const { code } = (thrown ?? {}) as { code?: unknown };
    const isCode = typeof code === 'string' && code !== '';
    return { code: isCode ? code.slice(0, 100) : 'HANDLER_FAILED', message: String(messageOf(thrown)) };
  } catch {
    return { code: 'HANDLER_FAILED', message: 'What the handler threw cannot be read.' }; // a getter that throws, a proxy
  }
}
