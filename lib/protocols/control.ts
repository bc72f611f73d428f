/**
 * What processes of a service tell each other beside its tasks: a topic exchange, with a key for each kind of message and
 * each route. Where nobody listens, a message is dropped.
 */
import { createHash } from 'node:crypto';
import type { Declaration, ExchangeSpec, OutgoingMessage } from '../broker/broker.js';

/** Written, so that it is known before the first listener is there. */
export const CONTROL_EXCHANGE: ExchangeSpec = { name: 'bgtasks.v1.control', type: 'topic', durable: true };

export interface ControlMessage {
  readonly message: OutgoingMessage;
  readonly declarations: readonly Declaration[];
}

export function controlMessage(message: Omit<OutgoingMessage, 'exchange'>): ControlMessage {
  return {
    message: { exchange: CONTROL_EXCHANGE.name, ...message },
    declarations: [{ exchange: CONTROL_EXCHANGE }],
  };
}

/** A key holds 255 bytes, as a route does. */
export function controlKey(kind: string, route: string): string {
  const key = `${kind}.${route}`;
  return Buffer.byteLength(key) <= 255 ? key : `${kind}.${createHash('sha256').update(route).digest('hex')}`;
}
