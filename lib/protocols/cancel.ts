/**
 * How an abort of a call travels: to a topic exchange, under a key of its own for each route. A worker has a queue there
 * that is bound to its routes; where nobody listens, the message is dropped.
 */
import { createHash } from 'node:crypto';
import type { Declaration, ExchangeSpec, IncomingMessage, OutgoingMessage } from '../broker/broker.js';

/** Written, so that it is known before the first worker is there. */
export const CONTROL_EXCHANGE: ExchangeSpec = { name: 'bgtasks.v1.control', type: 'topic', durable: true };

const CANCEL = 'cancel';
/** Nobody is helped by an abort that comes late. */
const EXPIRATION_MS = 10_000;

interface Cancel {
  readonly message: OutgoingMessage;
  readonly declarations: readonly Declaration[];
}

export function cancelMessage(route: string, correlationId: string): Cancel {
  const properties = { type: CANCEL, correlationId };
  return {
    message: {
      exchange: CONTROL_EXCHANGE.name,
      routingKey: cancelKey(route),
      body: Buffer.alloc(0),
      properties,
      expirationMs: EXPIRATION_MS,
    },
    declarations: [{ exchange: CONTROL_EXCHANGE }],
  };
}

/** A key holds 255 bytes, as a route does. */
export function cancelKey(route: string): string {
  const key = `${CANCEL}.${route}`;
  return Buffer.byteLength(key) <= 255 ? key : `${CANCEL}.${createHash('sha256').update(route).digest('hex')}`;
}

/** The id of the call that is aborted; undefined for anything else. */
export function readCancel({ properties: { type, correlationId } }: IncomingMessage): string | undefined {
  return type === CANCEL ? correlationId : undefined;
}
