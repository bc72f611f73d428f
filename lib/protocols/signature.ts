/**
 * Proof that a caller comes from a service that knows the secret: HMAC-SHA256 (RFC 2104) over the id of the message, the
 * caller and the body. It stands in a header beside the caller, whatever the protocol.
 *
 * Shape:  with a secret, a caller without its proof is refused. A message without a caller needs none: it acts for nobody.
 * Limit:  whoever can read messages can repeat one as it is; that the broker must prevent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from '../broker/broker.js';
import type { Caller } from '../caller.js';
import { BgTasksError } from '../errors.js';
import { CALLER } from './json-headers.js';

const SIGNATURE = 'bgtasks-signature';

export function signed<M extends IncomingMessage>(message: M, secret: string | undefined): M {
  const { properties } = message;
  const caller = properties.headers?.[CALLER];
  if (secret === undefined || typeof caller !== 'string') return message;
  const headers = { ...properties.headers, [SIGNATURE]: signature(message, caller, secret) };
  return { ...message, properties: { ...properties, headers } };
}

/** Throws `CALLER_REFUSED` for a caller without its proof; `caller` is what the protocol has read, wherever it stood. */
export function checkSignature(message: IncomingMessage, caller: Caller, secret: string | undefined): void {
  const { headers } = message.properties;
  const written = headers?.[CALLER];
  if (secret === undefined || (written === undefined && Object.keys(caller).length === 0)) return;
  const given = Buffer.from(String(headers?.[SIGNATURE] ?? ''));
  const expected = Buffer.from(typeof written === 'string' ? signature(message, written, secret) : '');
  if (expected.length > 0 && given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new BgTasksError('CALLER_REFUSED', 'The caller is not signed with the "callerSecret" of this service.');
}

function signature({ body, properties }: IncomingMessage, caller: string, secret: string): string {
  const id = properties.messageId ?? properties.correlationId ?? '';
  return createHmac('sha256', secret)
    .update(`${id.length}\n${id}${caller.length}\n${caller}`)
    .update(body)
    .digest('base64url');
}
