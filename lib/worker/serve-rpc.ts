/**
 * An rpc delivery becomes a handler call and a reply:
 * decode -> deadline -> body schema -> middleware -> handler -> encode -> reply, then settle.
 */
import type { Delivery } from '../broker/broker.js';
import { fail } from '../envelope.js';
import { messageOf } from '../errors.js';
import { isPromise } from '../maybe-promise.js';
import type { Outcome, Protocol, RequestInfo } from '../protocols/protocol.js';
import { checkSignature } from '../protocols/signature.js';
import { runIn } from '../scope.js';
import type { TaskDefinition } from '../tasks/task.js';
import { DeliveryContext } from './delivery-context.js';
import { holdBack } from './hold-back.js';
import { callHandler, checkedBody, describeError } from './run-task.js';
import type { Run as ObservedRun } from './runs.js';
import { isSuspect } from './suspect.js';
import type { WorkerParts } from './worker.js';

/** Clocks of two machines may differ by so much before a request in time is taken for an expired one. */
const CLOCK_SKEW_MS = 1000;

/** One request, on its way through the worker. */
interface Run {
  readonly parts: WorkerParts;
  readonly task: TaskDefinition;
  readonly protocol: Protocol;
  readonly info: RequestInfo;
  readonly delivery: Delivery;
}

/** Settles the delivery, whatever the handler does. Throws only for a message that nobody could handle. */
export function serveRpc(
  parts: WorkerParts,
  task: TaskDefinition,
  protocol: Protocol,
  queue: string,
  delivery: Delivery,
): Promise<void> | undefined {
  const { route } = task;
  const info = protocol.decodeInfo(delivery);
  if (info.deadline !== undefined && info.deadline + CLOCK_SKEW_MS < Date.now()) {
    parts.settings.logger.debug({ route, messageId: info.messageId }, 'request dropped: its caller waits no longer');
    if (protocol.expired) replyAndAck(parts, route, protocol, info, { error: protocol.expired }, delivery);
    delivery.ack();
    return undefined;
  }
  if (info.notBefore !== undefined && info.notBefore > Date.now()) {
    return holdBack(parts.broker, queue, info.notBefore, delivery);
  }
  if (parts.running.wasAborted(info.correlationId)) {
    parts.settings.logger.debug({ route, messageId: info.messageId }, 'request dropped: its caller gave it up');
    delivery.ack();
    return undefined;
  }
  const context = parts.running.add(new DeliveryContext(route, info, delivery.redelivered, parts.settings.logger));
  const observed = parts.runs.begin(task, info, delivery, queue);
  const run = { parts, task, protocol, info, delivery };
  return runIn(parts.scopeOf(info, context), () => observed.around(() => runAndSettle(run, context, observed)));
}

/** A message for a task that nobody serves: its caller is told, and the queue is free of it. */
export function refuseUnknown(parts: WorkerParts, protocol: Protocol, delivery: Delivery): void {
  const info = protocol.decodeInfo(delivery);
  const { route } = info;
  parts.settings.logger.warn({ route, messageId: info.messageId }, 'message dropped: nobody serves this task');
  if (protocol.unknownTask) {
    replyAndAck(parts, route ?? '', protocol, info, { error: protocol.unknownTask(route) }, delivery);
  }
  delivery.ack();
}

/** What the handler throws is an outcome. The stack stays here, in the log. */
async function runAndSettle(run: Run, context: DeliveryContext, observed: ObservedRun): Promise<void> {
  const { parts, task, protocol, info, delivery } = run;
  const { settings, checkDto } = parts;
  const { route } = task;
  let outcome: Outcome;
  try {
    checkSignature(delivery, info.caller, settings.callerSecret);
    const sent = protocol.decodeBody(delivery, settings.maxBodyBytes, settings.json);
    const checked = checkedBody(task, sent, checkDto);
    const body = checked instanceof Promise ? await checked : checked; // an await costs a turn of its own
    const answer = 'errors' in body ? fail(body.errors) : callHandler(parts, task, body.value, context);
    const value = isPromise(answer) ? await answer : answer;
    observed.end({ value });
    outcome = { value };
  } catch (error) {
    observed.end({ error });
    context.log.error({ route, messageId: context.messageId, err: error }, 'task failed');
    outcome = { error: describeError(error) };
  }
  context.end();
  replyAndAck(parts, route, protocol, info, outcome, delivery);
}

function replyAndAck(
  parts: WorkerParts,
  route: string,
  protocol: Protocol,
  info: RequestInfo,
  outcome: Outcome,
  delivery: Delivery,
): void {
  if (isSuspect(delivery, info.replyTo)) delivery.ack();
  reply(parts, route, protocol, info, outcome, delivery);
  delivery.ack();
}

/** An answer that cannot be written is a failure of the task, and its caller learns of it. */
function reply(
  { settings: { logger, maxBodyBytes, json } }: WorkerParts,
  route: string,
  protocol: Protocol,
  info: RequestInfo,
  outcome: Outcome,
  delivery: Delivery,
): void {
  if (info.replyTo === undefined) return;
  let message: ReturnType<Protocol['encodeReply']>;
  try {
    message = protocol.encodeReply(info, outcome, maxBodyBytes, json);
  } catch (error) {
    logger.error({ route, messageId: info.messageId, err: error }, 'answer could not be written');
    const { code = 'HANDLER_FAILED' } = error as { code?: string };
    message = protocol.encodeReply(info, { error: { code, message: messageOf(error) } }, maxBodyBytes);
  }
  delivery.reply(info.replyTo, message, protocol.replyExchange);
}
