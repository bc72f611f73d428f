/**
 * A delivery of a job or of an event becomes a handler call:
 * decode -> not too late -> body schema -> filter -> middleware -> handler -> settle; after a failure `after-failure.ts`.
 */
import type { Delivery } from '../broker/broker.js';
import { readFailure } from '../protocols/failure.js';
import type { WorkInfo, WorkProtocol } from '../protocols/protocol.js';
import { runIn } from '../scope.js';
import type { TaskDefinition } from '../tasks/task.js';
import { ValidationError } from '../validation-error.js';
import { type FailedRun, settleFailure } from './after-failure.js';
import { DeliveryContext } from './delivery-context.js';
import { callHandler, checkedBody } from './run-task.js';
import { workProtocolOf } from './work-source.js';
import type { WorkerParts } from './worker.js';

/** Settles the delivery, whatever the handler does. `queue` is undefined for a broadcast. */
export async function serveWork(
  parts: WorkerParts,
  task: TaskDefinition,
  queue: string | undefined,
  delivery: Delivery,
): Promise<void> {
  const { logger } = parts.settings;
  const { route } = task;
  const work = workProtocolOf(task);
  const info = work.decodeInfo(delivery);
  const { messageId, attempt } = info;
  if (info.deadline !== undefined && info.deadline < Date.now()) {
    logger.info({ route, messageId }, 'not started: it has expired');
    return delivery.ack();
  }
  const failed = await run(parts, task, work, info, delivery);
  if (!failed) return delivery.ack();
  logger.error({ route, messageId, attempt, error: failed.error }, 'task failed');
  if (queue === undefined) return delivery.ack();
  await settleFailure(parts, { task, queue, work, delivery, info, ...failed });
}

/** Undefined where all went well. */
async function run(
  parts: WorkerParts,
  task: TaskDefinition,
  work: WorkProtocol,
  info: WorkInfo,
  delivery: Delivery,
): Promise<Pick<FailedRun, 'error' | 'body' | 'isFinal'> | undefined> {
  const { settings, scopeOf, middleware, checkDto } = parts;
  const { logger, maxBodyBytes } = settings;
  // The expiry of a job is that of its start: it neither ends a run nor shortens what the run asks of others.
  const scopeInfo = { ...info, deadline: undefined };
  const failure = readFailure(delivery.properties.headers);
  const context = new DeliveryContext(task.route, { ...scopeInfo, failure }, delivery.redelivered, logger);
  parts.running.add(context);
  let body: unknown;
  let isFinal = true; // a body that cannot be read or is refused stays as it is
  return runIn({ ...scopeOf(scopeInfo), task: context }, async () => {
    try {
      body = work.decodeBody(delivery, maxBodyBytes);
      const checked = await checkedBody(task, body, checkDto);
      if ('errors' in checked) throw new ValidationError(checked.errors);
      isFinal = false;
      if (task.options.filter && !task.options.filter(checked.value)) return undefined;
      await callHandler(task, checked.value, context, middleware());
      return undefined;
    } catch (error) {
      return { error, body, isFinal };
    } finally {
      context.end();
    }
  });
}
