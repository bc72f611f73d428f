/** A URL becomes a broker. Nothing is connected yet. */
import type { Logger } from '../logger.js';
import type { Broker, TlsOptions } from './broker.js';
import { MemoryBroker } from './memory/broker.js';

/** `urls`: addresses of one broker. amqplib is loaded only where it is used. */
export async function openBroker(
  urls: string | readonly string[],
  log: Logger,
  name?: string,
  tls?: TlsOptions,
): Promise<Broker> {
  const list = typeof urls === 'string' ? [urls] : urls;
  if (list[0]?.startsWith('memory:')) return new MemoryBroker(list[0]);
  const { AmqpBroker } = await import('./amqp/broker.js');
  return new AmqpBroker(list, log, name, tls);
}
