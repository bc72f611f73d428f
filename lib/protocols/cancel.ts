/**
 * How an abort of a call travels: as a control message, under a key of its own for each route. A worker has a queue that is
 * bound to its routes.
 */
import type { IncomingMessage } from '../broker/broker.js';
import { type ControlMessage, controlKey, controlMessage } from './control.js';

const CANCEL = 'cancel';
/** Nobody is helped by an abort that comes late. */
const EXPIRATION_MS = 10_000;

export function cancelMessage(route: string, correlationId: string): ControlMessage {
  const properties = { type: CANCEL, correlationId };
  const routingKey = cancelKey(route);
  return controlMessage({ routingKey, body: Buffer.alloc(0), properties, expirationMs: EXPIRATION_MS });
}

export function cancelKey(route: string): string {
  return controlKey(CANCEL, route);
}

/** The id of the call that is aborted; undefined for anything else. */
export function readCancel({ properties: { type, correlationId } }: IncomingMessage): string | undefined {
  return type === CANCEL ? correlationId : undefined;
}
