/** A URL becomes a broker. Nothing is connected yet. */
import type { Logger } from '../logger.js';
import type { Broker } from './broker.js';
import { MemoryBroker } from './memory.js';

/** amqplib is loaded only where it is used. */
export async function openBroker(url: string, log: Logger): Promise<Broker> {
  if (url.startsWith('memory:')) return new MemoryBroker(url);
  const { AmqpBroker } = await import('./amqp.js');
  return new AmqpBroker(url, log);
}
