/**
 * A delivery of a job or of an event becomes a handler call:
 * decode -> not too late, not cancelled, not done -> body schema -> filter -> middleware -> handler -> result -> settle;
 * after a failure `after-failure.ts`.
 */
import type { Delivery } from '../broker/broker.js';
import { BgTasksError, ServiceStoppingError } from '../errors.js';
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

type Ended =
  | { readonly value: unknown }
  | (Pick<FailedRun, 'error' | 'body' | 'isFinal'> & { readonly abortReason: Error | undefined });

/** Settles the delivery, whatever the handler does. */
export async function serveWork(
  parts: WorkerParts,
  task: TaskDefinition,
  origin: WorkOrigin,
  delivery: Delivery,
): Promise<void> {
  const work = workProtocolOf(task);
  const info = work.decodeInfo(delivery);
  const run: Run = { parts, task, origin, delivery, work, info, reply: JobReply.of(parts, info, work) };
  const refusal = refusalOf(run);
  if (refusal) return settleUnrun(run, refusal);
  if (info.notBefore !== undefined && info.notBefore > Date.now() && origin.queue !== undefined) {
    return holdBack(parts.broker, origin.queue, info.notBefore, delivery);
  }
  if (!origin.dedupe) return void (await runAndSettle(run));
  const isRun = await origin.dedupe.once(info.messageId, () => runAndSettle(run));
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
async function runAndSettle(run: Run): Promise<boolean> {
  const { parts, task, origin, delivery, info, reply } = run;
  const { route } = task;
  const { messageId, attempt } = info;
  const ended = await callTask(run);
  if ('value' in ended) {
    await reply?.end(ended);
    delivery.ack();
    return true;
  }
  // What a handler throws when its signal is aborted says nothing more.
  if (origin.cancellations.isCancelled(route, info)) {
    await settleUnrun(run, cancelled(route, messageId));
    return false;
  }
  // Given up by a worker that stops: no failure of the job, and no attempt of its own.
  if (ended.abortReason instanceof ServiceStoppingError) {
    delivery.reject({ requeue: true });
    return false;
  }
  parts.settings.logger.error({ route, messageId, attempt, err: ended.error }, 'task failed');
  const { queue, mainQueue } = origin;
  if (queue === undefined || mainQueue === undefined) delivery.ack();
  else await settleFailure(parts, { ...run, queue, mainQueue, ...ended });
  return false;
}

/** Never rejects. */
async function callTask({ parts, task, origin, delivery, work, info, reply }: Run): Promise<Ended> {
  const { settings, scopeOf, checkDto, runs } = parts;
  const { logger, maxBodyBytes } = settings;
  // The expiry of a job is that of its start: it neither ends a run nor shortens what the run asks of others.
  const scopeInfo = { ...info, deadline: undefined };
  const failure = readFailure(delivery.properties.headers);
  const context = new DeliveryContext(task.route, { ...scopeInfo, failure }, delivery.redelivered, logger);
  parts.running.add(context);
  if (reply) context.onProgress = (value) => reply.progress(value);
  const onEnd = origin.cancellations.run(context);
  let body: unknown;
  let isFinal = true; // what cannot be read or is refused stays as it is
  const observed = runs.begin(task, info, delivery, origin.queue);
  const serve = async (): Promise<Ended> => {
    try {
      checkSignature(delivery, info.caller, settings.callerSecret);
      body = work.decodeBody(delivery, maxBodyBytes, settings.json);
      const checked = await checkedBody(task, body, checkDto);
      if ('errors' in checked) throw new ValidationError(checked.errors);
      isFinal = false;
      const isWanted = !task.options.filter || (await task.options.filter(checked.value, context));
      const value = isWanted ? await callHandler(parts, task, checked.value, context) : undefined;
      observed.end({ value });
      return { value };
    } catch (error) {
      observed.end({ error });
      return { error, body, isFinal, abortReason: context.abortReason };
    } finally {
      onEnd();
      context.end();
    }
  };
  return runIn({ ...scopeOf(scopeInfo), task: context }, () => observed.around(serve));
}
