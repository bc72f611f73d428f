/**
 * From a body to an outcome: body schema -> middleware -> handler. Never throws: a failure is an outcome.
 *
 * Errors: a body that its schema refuses is an answer, `{ status: 'fail', data: { field: [messages] } }`; what a handler
 *         throws becomes code and message. The stack stays here, in the log.
 */
import { fail } from '../envelope.js';
import { messageOf } from '../errors.js';
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
    return { error: describe(error) };
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

/** Code and message of anything that a handler throws; an error's own code counts where it is a text. */
function describe(thrown: unknown): { code: string; message: string } {
  try {
    const { code } = (thrown ?? {}) as { code?: unknown };
    const isCode = typeof code === 'string' && code !== '';
    return { code: isCode ? code.slice(0, 100) : 'HANDLER_FAILED', message: String(messageOf(thrown)) };
  } catch {
    return { code: 'HANDLER_FAILED', message: 'What the handler threw cannot be read.' }; // a getter that throws, a proxy
  }
}
