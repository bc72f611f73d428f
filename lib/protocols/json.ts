/**
 * The default protocol: JSON bodies, the queue of a task named as its route.
 *
 * Request: `correlation_id`, `reply_to`, `expiration`, and headers for what travels along (below).
 * Reply:   `correlation_id`; the value as it is, or `{ status: 'fail', data: { code, detail } }` with the header
 *          `bgtasks-error: <code>` where the handler threw. So a Python caller reads a `fail`, and ours throws;
 *          a `fail` that a handler returned has no such header.
 */
import type { IncomingMessage } from '../broker/broker.js';
import { FAIL } from '../envelope.js';
import { readJson, writeJson } from './json-body.js';
import { readHeaders, writeHeaders } from './json-headers.js';
import type { JsonNumbers } from './json-numbers.js';
import { jsonWork } from './json-work.js';
import type { Outcome, Protocol } from './protocol.js';

const ERROR = 'bgtasks-error';

/** Publishing does not renew it: a service that was gone for so long is no route any more, a restart is a wait. */
const QUEUE_EXPIRES_MS = 300_000;
const ARGUMENTS = { 'x-queue-type': 'classic', 'x-expires': QUEUE_EXPIRES_MS };

export const json = {
  name: 'json',

  requestsOf: (route) => ({
    queue: route,
    declarations: [{ queue: { name: route, durable: true, arguments: ARGUMENTS } }],
  }),

  encodeRequest({ route, body, correlationId, replyTo, timeoutMs, caller }, maxBodyBytes, numbers) {
    const headers = writeHeaders(caller, Date.now() + timeoutMs);
    return {
      exchange: '',
      routingKey: route,
      body: writeJson(body, maxBodyBytes, numbers),
      properties: { contentType: 'application/json', correlationId, replyTo, headers },
      expirationMs: Math.ceil(timeoutMs),
    };
  },

  decodeInfo: ({ properties }) => readHeaders(properties),

  decodeBody: ({ body }, maxBodyBytes, numbers) => readJson(body, maxBodyBytes, numbers),

  encodeReply({ correlationId }, outcome, maxBodyBytes, numbers) {
    const properties = { contentType: 'application/json', correlationId };
    if (!outcome.error) return { body: writeJson(outcome.value, maxBodyBytes, numbers), properties };
    const { code, message } = outcome.error;
    const body = writeJson({ status: FAIL, data: { code, detail: message } }, maxBodyBytes, numbers);
    return { body, properties: { ...properties, headers: { [ERROR]: code } } };
  },

  decodeReply(message: IncomingMessage, maxBodyBytes: number, numbers?: JsonNumbers): Outcome {
    const value = readJson(message.body, maxBodyBytes, numbers);
    const code = message.properties.headers?.[ERROR];
    return typeof code === 'string' ? { error: { code, message: detailOf(value) } } : { value };
  },

  work: jsonWork,
} satisfies Protocol;

function detailOf(value: unknown): string {
  const { detail } = (value as { data?: { detail?: unknown } } | null)?.data ?? {};
  return typeof detail === 'string' ? detail : 'The error has no message.';
}
