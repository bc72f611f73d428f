/** Why a message was not published, as `PublishFailedError`: each says whether the broker may have it all the same. */
import { messageOf, PublishFailedError } from '../errors.js';
import type { OutgoingMessage } from './broker.js';

/** `blockedBy`: the alarm of the broker, where there is one. */
export function notConfirmed(
  message: OutgoingMessage,
  timeoutMs: number,
  isSent: boolean,
  blockedBy: string | undefined,
): PublishFailedError {
  const alarm = blockedBy === undefined ? '' : ` The broker takes no messages at present: ${blockedBy}.`;
  const doubt = isSent ? ' It may have been published.' : ' It was not published.';
  return failure(message, `was not confirmed within ${timeoutMs} ms.${alarm}${doubt}`, isSent);
}

export function refused(message: OutgoingMessage, reason: unknown): PublishFailedError {
  return failure(message, `was refused by the broker: ${messageOf(reason)}.`, false, { cause: reason });
}

/** Of a message that is to be sent at once or not at all. */
export function notSent(message: OutgoingMessage): PublishFailedError {
  return failure(message, 'was not sent: there is no channel for it at present, or an alarm is set.', false);
}

/** Of a message that is not sent again. */
export function lostUnconfirmed(message: OutgoingMessage): PublishFailedError {
  return failure(message, 'was not confirmed before its channel was lost. It may have been published.', true);
}

export function givenUp(message: OutgoingMessage, isSent: boolean, reason: unknown): PublishFailedError {
  const doubt = isSent ? 'it may have been published' : 'it was not published';
  return failure(message, `was given up by its signal; ${doubt}.`, isSent, { cause: reason });
}

export function brokerClosed(message: OutgoingMessage, isSent: boolean): PublishFailedError {
  return failure(message, 'was not confirmed before the broker was closed.', isSent);
}

interface Amount {
  readonly messages: number;
  readonly bytes: number;
}

export function full(message: OutgoingMessage, held: Amount, most: Amount): PublishFailedError {
  const amounts = `${held.messages} messages with ${held.bytes} bytes wait; at most ${most.messages} and ${most.bytes} may`;
  return failure(message, `was not taken: ${amounts}. Await them, or wait until the broker is back.`, false);
}

function failure(
  { exchange, routingKey }: OutgoingMessage,
  text: string,
  maybePublished: boolean,
  options?: ErrorOptions,
): PublishFailedError {
  const target = exchange === '' ? `the queue "${routingKey}"` : `"${routingKey}" at the exchange "${exchange}"`;
  return new PublishFailedError(`The message to ${target} ${text}`, { routingKey, exchange }, maybePublished, options);
}
