/** Puts a job or an event into the broker, now or by way of a delay. */
import type { Broker, Declaration, OutgoingMessage } from '../broker/broker.js';
import { ConnectionFailedError, NoRouteError } from '../errors.js';
import { delayDeclarations, delayed } from '../topology/delay.js';

const NOT_FOUND = 404;

/** A job or an event as it goes to the broker: at once, or out of an outbox. */
export interface WorkMessage {
  readonly message: OutgoingMessage;
  /** What it needs, as far as this process knows. */
  readonly declarations: readonly Declaration[];
  /** A message that no queue takes is an error. */
  readonly mandatory: boolean;
}

/** Resolves on the confirm. Only what goes to a queue by its name can be delayed. */
export function sendWork(broker: Broker, work: WorkMessage, delayMs: number): Promise<void> {
  const { message, declarations, mandatory } = work;
  if (delayMs <= 0) return broker.publish(message, { declarations, mandatory });
  return sendLater(broker, message, declarations, delayMs);
}

async function sendLater(
  broker: Broker,
  message: OutgoingMessage,
  declarations: readonly Declaration[],
  delayMs: number,
): Promise<void> {
  const queue = message.routingKey;
  const all = [...declarations, ...delayDeclarations(queue, delayMs)];
  try {
    await broker.publish(delayed(message, queue, delayMs), { declarations: all });
  } catch (error) {
    // The queue is bound to where delays end: that fails where it does not exist.
    if (error instanceof ConnectionFailedError && error.details.code === NOT_FOUND) throw new NoRouteError(queue);
    throw error;
  }
}
