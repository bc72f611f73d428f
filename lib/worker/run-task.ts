/**
 * From a body to an outcome: body schema -> middleware -> handler. Never throws: a failure is an outcome.
 *
 * Errors: a body that its schema refuses is an answer, `{ status: 'fail', data: { field: [messages] } }`; what a handler
 *         throws becomes code and message. The stack stays here, in the log.
 */
import { fail } from '../envelope.js';
import { BgTasksError, messageOf } from '../errors.js';
import type { Outcome } from '../protocols/protocol.js';
import { checkBody, type DtoChecker, isStandardSchema } from '../schema.js';
import type { Middleware, TaskDefinition } from '../tasks/task.js';
import type { DeliveryContext } from './delivery-context.js';
import { timeLimit } from './middleware/time-limit.js';

export async function runTask(
  task: TaskDefinition,
  readBody: () => unknown,
  context: DeliveryContext,
  around: readonly Middleware[],
  checkDto: DtoChecker,
): Promise<Outcome> {
  try {
    return { value: await answer(task, readBody(), context, around, checkDto) };
  } catch (error) {
    context.log.error({ route: task.route, messageId: context.messageId, error }, 'task failed');
    const code = error instanceof BgTasksError ? error.code : codeOf(error);
    return { error: { code, message: messageOf(error) } };
  } finally {
    context.end();
  }
}

async function answer(
  task: TaskDefinition,
  body: unknown,
  context: DeliveryContext,
  around: readonly Middleware[],
  checkDto: DtoChecker,
): Promise<unknown> {
  const { body: schema, middleware = [], timeoutMs } = task.options;
  let value = body;
  if (schema) {
    const checked = isStandardSchema(schema) ? await checkBody(schema, body) : await checkDto(schema, body);
    if ('errors' in checked) return fail(checked.errors);
    value = checked.value;
  }
  const wraps = [...around, ...middleware, ...(timeoutMs === undefined ? [] : [timeLimit(timeoutMs)])];
  if (wraps.length === 0) return task.handler(value, context);
  return compose(wraps, task, context)(value);
}

/** The first of the list is the outermost. */
function compose(wraps: readonly Middleware[], task: TaskDefinition, context: DeliveryContext) {
  return wraps.reduceRight<(body: unknown) => Promise<unknown>>(
    (next, wrap) => (body) => wrap(body, context, next),
    async (body) => task.handler(body, context),
  );
}

/** An error's own code, where it has one that is a text (Node's, or the user's own class). */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code !== '' ? code.slice(0, 100) : 'HANDLER_FAILED';
}
