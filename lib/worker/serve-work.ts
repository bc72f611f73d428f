/**
 * A delivery of a job or of an event becomes a handler call:
 * decode -> not too late, not cancelled, not done -> body schema -> filter -> middleware -> handler -> result -> settle;
 * after a failure `after-failure.ts`.
 */
import type { Delivery } from '../broker/broker.js';
import { BgTasksError, ServiceStoppingError } from '../errors.js';
import { isPromise } from '../maybe-promise.js';
import { readFailure } from '../protocols/failure.js';
import type { WorkInfo, WorkProtocol } from '../protocols/protocol.js';
import { checkSignature } from '../protocols/signature.js';
import { runIn } from '../scope.js';
import type { TaskDefinition } from '../tasks/task.js';
import { ValidationError } from '../validation-error.js';
import { type FailedRun, settleFailure } from './after-failure.js';
import { type Cancellations, cancelled } from './cancellations.js';
import type { Dedupe } from './dedupe.js';
import { DeliveryContext } from './delivery-context.js';
import { holdBack } from './hold-back.js';
import { JobReply } from './job-reply.js';
import { callHandler, checkedBody } from './run-task.js';
import type { Run as ObservedRun } from './runs.js';
import { workProtocolOf } from './work-source.js';
import type { WorkerParts } from './worker.js';

/** Where deliveries come from, and what is known of those before them. */
export interface WorkOrigin {
  /** Undefined for a broadcast. */
  readonly queue: string | undefined;
  /** Whose dead letters they belong to: another one where `queue` is that of high priority. */
  readonly mainQueue: string | undefined;
  readonly dedupe: Dedupe | undefined;
  readonly cancellations: Cancellations;
}

/** One message, on its way through the worker. */
interface Run {
  readonly parts: WorkerParts;
  readonly task: TaskDefinition;
  readonly origin: WorkOrigin;
  readonly delivery: Delivery;
  readonly work: WorkProtocol;
  readonly info: WorkInfo;
  readonly reply: JobReply | undefined;
}

/** Settles the delivery, whatever the handler does. */
export function serveWork(
  parts: WorkerParts,
  task: TaskDefinition,
  origin: WorkOrigin,
  delivery: Delivery,
): Promise<unknown> {
  const work = workProtocolOf(task);
  const info = work.decodeInfo(delivery);
  const run: Run = { parts, task, origin, delivery, work, info, reply: JobReply.of(parts, info, work, delivery) };
  const refusal = refusalOf(run);
  if (refusal) return settleUnrun(run, refusal);
  if (info.notBefore !== undefined && info.notBefore > Date.now() && origin.queue !== undefined) {
    return holdBack(parts.broker, origin.queue, info.notBefore, delivery);
  }
  return origin.dedupe ? runOnce(run, origin.dedupe) : start(run);
}

async function runOnce(run: Run, dedupe: Dedupe): Promise<void> {
  const { parts, task, info, delivery } = run;
  const isRun = await dedupe.once(info.messageId, () => start(run));
  if (isRun) return;
  parts.settings.logger.info({ route: task.route, messageId: info.messageId }, 'not started: its id is done');
  delivery.ack();
}

/** Why it is not started, if so. */
function refusalOf({ task: { route }, origin, info }: Run): BgTasksError | undefined {
  const { messageId, deadline } = info;
  if (deadline !== undefined && deadline < Date.now()) {
    return new BgTasksError('JOB_EXPIRED', `The job "${messageId}" of "${route}" was not started in time.`, { route });
  }
  return origin.cancellations.isCancelled(route, info) ? cancelled(route, messageId) : undefined;
}

async function settleUnrun({ parts, task, delivery, info, reply }: Run, refusal: BgTasksError): Promise<void> {
  const facts = { route: task.route, messageId: info.messageId, code: refusal.code };
  parts.settings.logger.info(facts, 'job ended without a result');
  await reply?.fail(refusal);
  delivery.ack();
}

/** True where all went well. */
function start(run: Run): Promise<boolean> {
  const { parts, task, origin, delivery, info } = run;
  const { messageId, correlationId, caller, attempt } = info;
  const failure = readFailure(delivery.properties.headers);
  // The expiry of a job is that of its start: it neither ends a run nor shortens what the run asks of others.
  const known = { messageId, correlationId, caller, attempt, failure, deadline: undefined };
  const context = new DeliveryContext(task.route, known, delivery.redelivered, parts.settings.logger);
  parts.running.add(context);
  if (run.reply) context.onProgress = (value) => run.reply?.progress(value);
  const observed = parts.runs.begin(task, info, delivery, origin.queue);
  return runIn(parts.scopeOf(known, context), () => observed.around(() => runAndSettle(run, context, observed)));
}

async function runAndSettle(run: Run, context: DeliveryContext, observed: ObservedRun): Promise<boolean> {
  const { parts, task, delivery, work, info, reply } = run;
  const { settings, checkDto } = parts;
  let body: unknown;
  let isFinal = true; // what cannot be read or is refused stays as it is
  let value: unknown;
  try {
    checkSignature(delivery, info.caller, settings.callerSecret);
    body = work.decodeBody(delivery, settings.maxBodyBytes, settings.json);
    const checking = checkedBody(task, body, checkDto);
    const checked = isPromise(checking) ? await checking : checking; // an await costs a turn of its own
    if ('errors' in checked) throw new ValidationError(checked.errors);
    isFinal = false;
    const isWanted = !task.options.filter || (await task.options.filter(checked.value, context));
    const running = isWanted ? callHandler(parts, task, checked.value, context) : undefined;
    value = isPromise(running) ? await running : running;
    observed.end({ value });
  } catch (error) {
    observed.end({ error });
    context.end();
    await settleFailed(run, { error, body, isFinal }, context.abortReason);
    return false;
  }
  context.end();
  if (reply) await reply.end({ value });
  delivery.ack();
  return true;
}

async function settleFailed(
  run: Run,
  failed: Pick<FailedRun, 'error' | 'body' | 'isFinal'>,
  abortReason: Error | undefined,
): Promise<void> {
  const { parts, task, origin, delivery, info } = run;
  const { route } = task;
  const { messageId, attempt } = info;
  // What a handler throws when its signal is aborted says nothing more.
  if (origin.cancellations.isCancelled(route, info)) return settleUnrun(run, cancelled(route, messageId));
  // Given up by a worker that stops: no failure of the job, and no attempt of its own.
  if (abortReason instanceof ServiceStoppingError) return delivery.reject({ requeue: true });
  parts.settings.logger.error({ route, messageId, attempt, err: failed.error }, 'task failed');
  const { queue, mainQueue } = origin;
  if (queue === undefined || mainQueue === undefined) delivery.ack();
  else await settleFailure(parts, { ...run, ...failed, queue, mainQueue });
}
