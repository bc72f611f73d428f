/**
 * What follows a failed run: the next one after a delay, or the queue of dead letters, and the job that handles failures.
 *
 * Shape:  what replaces the delivery is published and confirmed first, then the delivery is acked; a crash in between
 *         gives a duplicate and loses nothing. A retry goes to the queue of the failing handler, not through its exchange.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, OutgoingMessage } from '../broker/broker.js';
import { type Failure, failureHeaders, readFailure, withoutFailure } from '../protocols/failure.js';
import type { WorkInfo, WorkProtocol } from '../protocols/protocol.js';
import { signed } from '../protocols/signature.js';
import type { TaskDefinition } from '../tasks/task.js';
import { delayDeclarations, delayed, MAX_DELAY_MS } from '../topology/delay.js';
import { deadQueue, deadQueueOf } from '../topology/work-queue.js';
import type { JobReply } from './job-reply.js';
import { RetryPolicy } from './retry-policy.js';
import { describeError } from './run-task.js';
import { sourceOf, workProtocolOf } from './work-source.js';
import type { WorkerParts } from './worker.js';

/** Before a delivery is given back because nothing could be published: a broker in trouble is not helped by haste. */
const PAUSE_MS = 1000;

export interface FailedRun {
  readonly task: TaskDefinition;
  /** The one that it came from, and that its retry goes to. */
  readonly queue: string;
  /** Whose dead letters it belongs to. */
  readonly mainQueue: string;
  /** Of whoever asked for the result. */
  readonly reply: JobReply | undefined;
  readonly work: WorkProtocol;
  readonly delivery: Delivery;
  readonly info: WorkInfo;
  /** As far as it could be read. */
  readonly body: unknown;
  readonly error: unknown;
  /** No further run could help. */
  readonly isFinal: boolean;
}

export async function settleFailure(parts: WorkerParts, run: FailedRun): Promise<void> {
  const { delivery, task, info } = run;
  const { route } = task;
  const { messageId, attempt } = info;
  const { logger } = parts.settings;
  try {
    const delayMs = run.isFinal ? undefined : delayAfter(parts, run);
    if (delayMs !== undefined) {
      await publishRetry(parts, run, delayMs);
      parts.runs.retried(task.kind, route);
      logger.info({ route, messageId, attempt, delayMs: Math.round(delayMs) }, 'task will run again');
    } else {
      await publishFailed(parts, run);
      await publishDead(parts, run);
      parts.runs.failedForGood(task.kind, route);
      logger.warn({ route, messageId, attempt, queue: deadQueueOf(run.mainQueue) }, 'task failed for good');
      await run.reply?.fail(run.error);
    }
    delivery.ack();
  } catch (error) {
    logger.error(
      { route, messageId, err: error },
      'failure could not be recorded: the delivery goes back to its queue',
    );
    await sleep(PAUSE_MS);
    delivery.reject({ requeue: true });
  }
}

/** Undefined for the last run. What a function of the task throws makes this one the last: else it would run for ever. */
function delayAfter({ settings: { logger } }: WorkerParts, { task, info, error }: FailedRun): number | undefined {
  try {
    const delayMs = new RetryPolicy(task).delayAfter(info.attempt, error);
    return delayMs === undefined ? undefined : Math.min(delayMs, MAX_DELAY_MS);
  } catch (cause) {
    const { route } = task;
    logger.error({ route, messageId: info.messageId, err: cause }, '"retryOn" or "backoff" failed: not run again');
    return undefined;
  }
}

function publishRetry(parts: WorkerParts, run: FailedRun, delayMs: number): Promise<void> {
  const { queue, work, delivery, info } = run;
  const message = work.again(delivery, info.attempt + 1, headersOf(run));
  const declarations = delayDeclarations(queue, delayMs);
  return parts.broker.publish(delayed(toQueue(queue, message), queue, delayMs), { declarations });
}

function publishDead(parts: WorkerParts, run: FailedRun): Promise<void> {
  const { mainQueue, work, delivery, info } = run;
  const message = toQueue(deadQueueOf(mainQueue), work.again(delivery, info.attempt, headersOf(run)));
  return parts.broker.publish(message, { declarations: [deadQueue(mainQueue)] });
}

/** The same body for the task that handles failures. Its id follows from that of the job, so a repetition can be told. */
async function publishFailed(parts: WorkerParts, run: FailedRun): Promise<void> {
  const { task, info, body } = run;
  const { onFailed } = task.options;
  if (!onFailed || body === undefined) return;
  const { registry, settings, broker } = parts;
  const handler = registry.get(onFailed.route) ?? { ...onFailed, options: {}, place: '' };
  const job = {
    route: onFailed.route,
    body,
    messageId: `${info.messageId}.failed`.slice(-200),
    caller: info.caller,
    headers: failureHeaders(failureOf(run)),
  };
  let message: ReturnType<WorkProtocol['encode']>;
  try {
    message = workProtocolOf(handler).encode(job, settings.maxBodyBytes, settings.json);
  } catch (cause) {
    const facts = { route: task.route, messageId: info.messageId, onFailed: onFailed.route, err: cause };
    settings.logger.error(facts, 'the job "onFailed" cannot be written: only the dead letter is');
    return;
  }
  const { queue = onFailed.route, declarations = [] } = sourceOf(handler, settings.serviceName);
  await broker.publish(toQueue(queue, signed(message, settings.callerSecret)), { declarations });
}

/** Whoever publishes with confirms tells a returned message by its id. */
function toQueue(queue: string, { body, properties }: Pick<OutgoingMessage, 'body' | 'properties'>): OutgoingMessage {
  const { messageId = randomUUID() } = properties;
  return { exchange: '', routingKey: queue, body, properties: { ...properties, messageId } };
}

function headersOf(run: FailedRun): Record<string, unknown> {
  return { ...withoutFailure(run.delivery.properties.headers), ...failureHeaders(failureOf(run)) };
}

function failureOf({ task, delivery, info, error }: FailedRun): Failure {
  const now = Date.now();
  const earlier = readFailure(delivery.properties.headers);
  const isSame = info.attempt > 1 && earlier !== undefined;
  return {
    route: task.route,
    ...describeError(error),
    attempts: info.attempt,
    firstFailedAt: isSame ? earlier.firstFailedAt : now,
    failedAt: now,
  };
}
