/**
 * How a provider says that its rows have changed: as a control message, under a key of its own for each route. Caches of
 * remote fields have a queue that is bound to their routes.
 *
 * Shape:  `{ "route": "images.get", "keys": [1, 2] }`; without `keys`, every row of the route.
 * Bounds: at most 1,000 keys and 64 KiB. More are sent as every row, and what cannot be read is taken as every row:
 *         to forget too much costs a call, to forget too little shows what is not so any more.
 */
import type { IncomingMessage } from '../broker/broker.js';
import { isAnyKey } from '../provider/remote-key.js';
import { type ChangedKeys, MAX_CHANGED_KEYS } from '../remote/changed-rows.js';
import { type ControlMessage, controlKey, controlMessage } from './control.js';

const INVALIDATE = 'invalidate';
const MAX_BYTES = 64 * 1024;

export function invalidationMessage(route: string, keys: ChangedKeys): ControlMessage {
  const few = keys && keys.length <= MAX_CHANGED_KEYS ? encode({ route, keys }) : undefined;
  const body = few && few.length <= MAX_BYTES ? few : encode({ route });
  const properties = { type: INVALIDATE, contentType: 'application/json' };
  return controlMessage({ routingKey: invalidationKey(route), body, properties });
}

export function invalidationKey(route: string): string {
  return controlKey(INVALIDATE, route);
}

/** The keys that have changed; undefined for anything else than an invalidation. Its routing key says of which route. */
export function readInvalidation({ body, properties }: IncomingMessage): { readonly keys: ChangedKeys } | undefined {
  if (properties.type !== INVALIDATE) return undefined;
  return { keys: body.length > MAX_BYTES ? undefined : keysIn(body) };
}

function encode(content: object): Buffer {
  return Buffer.from(JSON.stringify(content));
}

function keysIn(body: Buffer): ChangedKeys {
  try {
    const content: unknown = JSON.parse(body.toString());
    if (typeof content !== 'object' || content === null || !Object.hasOwn(content, 'keys')) return undefined;
    const { keys } = content as { keys: unknown };
    return Array.isArray(keys) && keys.length <= MAX_CHANGED_KEYS && keys.every(isAnyKey) ? keys : undefined;
  } catch {
    return undefined;
  }
}
