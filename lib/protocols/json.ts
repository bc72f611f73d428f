/**
 * The default protocol: JSON bodies, the queue of a task named as its route.
 *
 * Request: `correlation_id`, `reply_to`, `expiration`, and headers for what travels along (below).
 * Reply:   `correlation_id`; the value as it is, or `{ status: 'fail', data: { code, detail } }` with the header
 *          `bgtasks-error: <code>` where the handler threw. So a Python caller reads a `fail`, and ours throws;
 *          a `fail` that a handler returned has no such header.
 */
import { randomUUID } from 'node:crypto';
import type { Caller } from '../caller.js';
import { FAIL } from '../envelope.js';
import { BgTasksError } from '../errors.js';
import { readJson, writeJson } from './json-body.js';
import type { Protocol } from './protocol.js';

/** When the caller stops waiting, in epoch milliseconds: the broker's expiry does not reach prefetched messages. */
const DEADLINE = 'bgtasks-deadline';
const CALLER = 'bgtasks-caller';
const ERROR = 'bgtasks-error';

/** Publishing does not renew it: a service that was gone for so long is no route any more, a restart is a wait. */
const QUEUE_EXPIRES_MS = 300_000;
/** Larger callers are refused when they are sent, and ignored when they are read. */
const MAX_CALLER_BYTES = 8192;
/** Of its URL, which any client can make long, so much travels. */
const MAX_URL_LENGTH = 2000;

export const json: Protocol = {
  name: 'json',

  queueOf: (route) => ({
    name: route,
    durable: true,
    arguments: { 'x-queue-type': 'classic', 'x-expires': QUEUE_EXPIRES_MS },
  }),

  encodeRequest({ route, body, correlationId, replyTo, timeoutMs, caller }, maxBodyBytes) {
    const headers: Record<string, unknown> = { [DEADLINE]: Date.now() + timeoutMs };
    if (Object.keys(caller).length > 0) headers[CALLER] = writeCaller(caller);
    return {
      exchange: '',
      routingKey: route,
      body: writeJson(body, maxBodyBytes),
      properties: { contentType: 'application/json', correlationId, replyTo, headers },
      expirationMs: Math.ceil(timeoutMs),
    };
  },

  decodeInfo({ properties }) {
    const { correlationId, replyTo, headers } = properties;
    const deadline = headers?.[DEADLINE];
    return {
      messageId: properties.messageId ?? correlationId ?? randomUUID(),
      correlationId,
      replyTo,
      deadline: typeof deadline === 'number' && Number.isFinite(deadline) ? deadline : undefined,
      caller: readCaller(headers?.[CALLER]),
    };
  },

  decodeBody: ({ body }, maxBodyBytes) => readJson(body, maxBodyBytes),

  encodeReply({ correlationId }, outcome, maxBodyBytes) {
    const properties = { contentType: 'application/json', correlationId };
    if (!outcome.error) return { body: writeJson(outcome.value, maxBodyBytes), properties };
    const { code, message } = outcome.error;
    const body = writeJson({ status: FAIL, data: { code, detail: message } }, maxBodyBytes);
    return { body, properties: { ...properties, headers: { [ERROR]: code } } };
  },

  decodeReply(message, maxBodyBytes) {
    const value = readJson(message.body, maxBodyBytes);
    const code = message.properties.headers?.[ERROR];
    return typeof code === 'string' ? { error: { code, message: detailOf(value) } } : { value };
  },
};

function detailOf(value: unknown): string {
  const { detail } = (value as { data?: { detail?: unknown } } | null)?.data ?? {};
  return typeof detail === 'string' ? detail : 'The error has no message.';
}

function writeCaller(caller: Caller): string {
  const { url } = caller;
  const isLong = typeof url === 'string' && url.length > MAX_URL_LENGTH;
  try {
    return writeJson(isLong ? { ...caller, url: url.slice(0, MAX_URL_LENGTH) } : caller, MAX_CALLER_BYTES).toString();
  } catch (error) {
    const message = `The caller cannot travel: it must be JSON of at most ${MAX_CALLER_BYTES} bytes.`;
    throw new BgTasksError('USAGE', message, {}, { cause: error });
  }
}

/** A caller that cannot be read is nobody: it is a hint for the handler, and no reason to refuse the call. */
function readCaller(header: unknown): Caller {
  if (typeof header !== 'string') return {};
  try {
    const caller = readJson(Buffer.from(header), MAX_CALLER_BYTES);
    return typeof caller === 'object' && caller !== null && !Array.isArray(caller) ? caller : {};
  } catch {
    return {};
  }
}
