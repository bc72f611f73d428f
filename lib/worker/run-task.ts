/** From a body to an answer: body schema -> middleware -> handler. */
import { messageOf } from '../errors.js';
import { checkBody, type DtoChecker, isStandardSchema } from '../schema.js';
import type { Middleware, TaskContext, TaskDefinition } from '../tasks/task.js';
import type { MessageTree } from '../validation-error.js';
import { timeLimit } from './middleware/time-limit.js';

/** The body as the handler takes it, or what its schema has against it. */
export async function checkedBody(
  { options: { body: schema } }: TaskDefinition,
  body: unknown,
  checkDto: DtoChecker,
): Promise<{ readonly value: unknown } | { readonly errors: Record<string, MessageTree> }> {
  if (!schema) return { value: body };
  return isStandardSchema(schema) ? checkBody(schema, body) : checkDto(schema, body);
}

/** `around`: middleware of the service, outside of that of the task. */
export async function callHandler(
  task: TaskDefinition,
  body: unknown,
  context: TaskContext,
  around: readonly Middleware[],
): Promise<unknown> {
  const { middleware = [], timeoutMs } = task.options;
  const wraps = [...around, ...middleware, ...(timeoutMs === undefined ? [] : [timeLimit(timeoutMs)])];
  if (wraps.length === 0) return task.handler(body, context);
  return compose(wraps, task, context)(body);
}

/** The first of the list is the outermost. */
function compose(wraps: readonly Middleware[], task: TaskDefinition, context: TaskContext) {
  return wraps.reduceRight<(body: unknown) => Promise<unknown>>(
    (next, wrap) => (body) => wrap(body, context, next),
    async (body) => task.handler(body, context),
  );
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
