/**
 * amqp_worker (Python, on aio-pika): gzip(JSON), `{ data }` around what is sent.
 *
 * Request: default exchange, key = route, `type: call`. Reply: `{ success: true, data }` or
 *          `{ success: false, error: { type, message, args, trace } }`, always `type: result`: aio-pika takes any other
 *          type for a failure of its own.
 * Queue:   calls: transient, dead-lettering to the exchange `rpc.dlx`; jobs: durable without arguments. Exactly theirs.
 */
import { randomUUID } from 'node:crypto';
import type { Declaration } from '../broker/broker.js';
import { deadQueue } from '../topology/work-queue.js';
import { readGzip, writeGzip } from './gzip.js';
import { readHeaders, writeHeaders } from './json-headers.js';
import { jsonWork } from './json-work.js';
import type { Protocol, WorkProtocol } from './protocol.js';

const CONTENT_TYPE = 'application/octet-stream';
const DEAD_LETTERS = 'rpc.dlx';
const TRANSIENT = 1;
const PERSISTENT = 2;

const work: WorkProtocol = {
  ...jsonWork,
  queueOf: (name): Declaration[] => [deadQueue(name), { queue: { name, durable: true, arguments: {} } }],

  encode: ({ body, messageId, caller, deadline, headers }, maxBodyBytes, numbers) => ({
    body: writeGzip({ data: body ?? null }, maxBodyBytes, numbers),
    properties: {
      contentType: CONTENT_TYPE,
      deliveryMode: PERSISTENT,
      messageId,
      headers: { ...headers, ...writeHeaders(caller, deadline) },
    },
  }),

  decodeBody: ({ body }, maxBodyBytes, numbers) => unwrapped(readGzip(body, maxBodyBytes, numbers)),
};

export const gzipJson: Protocol = {
  name: 'gzip-json',

  requestsOf: (route) => ({
    queue: route,
    declarations: [
      { exchange: { name: DEAD_LETTERS, type: 'headers', durable: false, autoDelete: true } },
      { queue: { name: route, durable: false, arguments: { 'x-dead-letter-exchange': DEAD_LETTERS } } },
    ],
  }),

  encodeRequest: ({ route, body, correlationId, replyTo, timeoutMs, caller }, maxBodyBytes, numbers) => ({
    exchange: '',
    routingKey: route,
    body: writeGzip({ data: body ?? null }, maxBodyBytes, numbers),
    properties: {
      contentType: CONTENT_TYPE,
      type: 'call',
      correlationId,
      replyTo,
      messageId: correlationId,
      headers: writeHeaders(caller, Date.now() + timeoutMs),
    },
    expirationMs: Math.ceil(timeoutMs),
  }),

  decodeInfo: ({ properties }) => readHeaders(properties),

  decodeBody: work.decodeBody,

  encodeReply({ correlationId }, outcome, maxBodyBytes, numbers) {
    const { error } = outcome;
    const answer = error
      ? { success: false, error: { type: error.code, message: error.message, args: [error.message], trace: '' } }
      : { success: true, data: outcome.value ?? null };
    return {
      body: writeGzip(answer, maxBodyBytes, numbers),
      properties: {
        contentType: CONTENT_TYPE,
        type: 'result',
        correlationId,
        deliveryMode: TRANSIENT,
        messageId: randomUUID(),
        headers: {},
      },
    };
  },

  decodeReply({ body, properties }, maxBodyBytes, numbers) {
    // A dead-lettered request that comes back: nobody took it in time.
    if (properties.type === 'call')
      return { error: { code: 'EXPIRED', message: 'The request has expired in its queue.' } };
    const answer = readGzip(body, maxBodyBytes, numbers);
    if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, 'success')) return { value: answer };
    const { success, data, error } = answer as { success: unknown; data?: unknown; error?: unknown };
    if (success === true) return { value: data };
    const { type, message } = (error ?? {}) as { type?: unknown; message?: unknown };
    return { error: { code: textOr(type, 'HANDLER_FAILED'), message: textOr(message, 'The error has no message.') } };
  },

  work,
};

/** `x` of `{ data: x }`, and anything else as it is: both forms are sent. */
function unwrapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value);
  return names.length === 1 && names[0] === 'data' ? (value as { data: unknown }).data : value;
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
