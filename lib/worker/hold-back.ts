/** A message that is not to be started yet waits in a delay, and comes back to its queue. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Delivery } from '../broker/broker.js';
import { withoutFailure } from '../protocols/failure.js';
import { delayDeclarations, delayed, MAX_DELAY_MS } from '../topology/delay.js';

/** Before it is given back because nothing could be published: it comes again at once, and to a broker in trouble. */
const PAUSE_MS = 1000;

/** Rejects where it could not be published; the delivery is settled in either case. */
export async function holdBack(broker: Broker, queue: string, notBefore: number, delivery: Delivery): Promise<void> {
  const delayMs = Math.min(Math.max(0, notBefore - Date.now()), MAX_DELAY_MS);
  const { body, properties } = delivery;
  const headers = withoutFailure(properties.headers);
  const message = { body, properties: { ...properties, headers }, exchange: '', routingKey: queue };
  try {
    await broker.publish(delayed(message, queue, delayMs), { declarations: delayDeclarations(queue, delayMs) });
    delivery.ack();
  } catch (error) {
    await sleep(PAUSE_MS);
    delivery.reject({ requeue: true });
    throw error;
  }
}
