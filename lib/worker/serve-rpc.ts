/**
 * An rpc delivery becomes a handler call and a reply:
 * decode -> deadline -> body schema -> middleware -> handler -> encode -> reply, then settle.
 */
import type { Delivery } from '../broker/broker.js';
import { fail } from '../envelope.js';
import { messageOf } from '../errors.js';
import type { Outcome, Protocol, RequestInfo } from '../protocols/protocol.js';
import { checkSignature } from '../protocols/signature.js';
import { runIn } from '../scope.js';
import type { TaskDefinition } from '../tasks/task.js';
import { DeliveryContext } from './delivery-context.js';
import { holdBack } from './hold-back.js';
import { callHandler, checkedBody, describeError } from './run-task.js';
import type { WorkerParts } from './worker.js';

/** Clocks of two machines may differ by so much before a request in time is taken for an expired one. */
const CLOCK_SKEW_MS = 1000;

const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to.';

/** Settles the delivery, whatever the handler does. Throws only for a message that nobody could handle. */
export async function serveRpc(
  parts: WorkerParts,
  task: TaskDefinition,
  protocol: Protocol,
  queue: string,
  delivery: Delivery,
): Promise<void> {
  const { route } = task;
  const info = protocol.decodeInfo(delivery);
  if (info.deadline !== undefined && info.deadline + CLOCK_SKEW_MS < Date.now()) {
    parts.settings.logger.debug({ route, messageId: info.messageId }, 'request dropped: its caller waits no longer');
    if (protocol.expired) reply(parts, route, protocol, info, { error: protocol.expired }, delivery);
    return delivery.ack();
  }
  if (info.notBefore !== undefined && info.notBefore > Date.now()) {
    return holdBack(parts.broker, queue, info.notBefore, delivery);
  }
  if (parts.running.wasAborted(info.correlationId)) {
    parts.settings.logger.debug({ route, messageId: info.messageId }, 'request dropped: its caller gave it up');
    return delivery.ack();
  }
  const outcome = await run(parts, task, protocol, queue, info, delivery);
  // A forged direct reply-to address makes RabbitMQ close the connection. When such a request comes back, it is
  // settled before it is answered, so that it cannot come a third time.
  const isSuspect = delivery.redelivered && info.replyTo?.startsWith(DIRECT_REPLY_TO);
  if (isSuspect) delivery.ack();
  reply(parts, route, protocol, info, outcome, delivery);
  if (!isSuspect) delivery.ack();
}

/** A message for a task that nobody serves: its caller is told, and the queue is free of it. */
export function refuseUnknown(parts: WorkerParts, protocol: Protocol, delivery: Delivery): void {
  const info = protocol.decodeInfo(delivery);
  const { route } = info;
  parts.settings.logger.warn({ route, messageId: info.messageId }, 'message dropped: nobody serves this task');
  if (protocol.unknownTask) {
    reply(parts, route ?? '', protocol, info, { error: protocol.unknownTask(route) }, delivery);
  }
  delivery.ack();
}

/** Never rejects: what the handler throws is an outcome. The stack stays here, in the log. */
function run(
  parts: WorkerParts,
  task: TaskDefinition,
  protocol: Protocol,
  queue: string,
  info: RequestInfo,
  delivery: Delivery,
): Promise<Outcome> {
  const { settings, scopeOf, checkDto, running, runs } = parts;
  const context = running.add(new DeliveryContext(task.route, info, delivery.redelivered, settings.logger));
  const observed = runs.begin(task, info, delivery, queue);
  const serve = async () => {
    try {
      checkSignature(delivery, info.caller, settings.callerSecret);
      const sent = protocol.decodeBody(delivery, settings.maxBodyBytes, settings.json);
      const checked = checkedBody(task, sent, checkDto);
      const body = checked instanceof Promise ? await checked : checked; // an await costs a turn of its own
      const value = 'errors' in body ? fail(body.errors) : await callHandler(parts, task, body.value, context);
      observed.end({ value });
      return { value };
    } catch (error) {
      observed.end({ error });
      context.log.error({ route: task.route, messageId: context.messageId, err: error }, 'task failed');
      return { error: describeError(error) };
    } finally {
      context.end();
    }
  };
  return runIn({ ...scopeOf(info), task: context }, () => observed.around(serve));
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
