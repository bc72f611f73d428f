/**
 * Celery, message protocol 2, JSON. Tasks of a service share one queue, `celery` unless the task says otherwise; a message
 * names its task in a header. Bodies are `{ args, kwargs }`.
 *
 * What a worker of ours answers: SUCCESS, FAILURE with `exc_type`, REVOKED for what has expired, NotRegistered for a task
 * that nobody serves. A task with an `eta` waits for it.
 */
import type { Declaration, OutgoingMessage } from '../../broker/broker.js';
import type { Protocol } from '../protocol.js';
import { readInfo, readTask, writeTask } from './message.js';
import { readResult, writeResult } from './result.js';

const DEFAULT_QUEUE = 'celery';

/** As Celery declares it: a queue, an exchange of its name, and the binding between them. */
function queueDeclarations(name: string): Declaration[] {
  return [
    { exchange: { name, type: 'direct', durable: true } },
    { queue: { name, durable: true, arguments: {} } },
    { binding: { from: name, key: name, to: { queue: name } } },
  ];
}

export const celery: Protocol = {
  name: 'celery',
  isPositional: true,

  requestsOf: (_route, { queue = DEFAULT_QUEUE }) => ({ queue, declarations: queueDeclarations(queue) }),

  encodeRequest({ route, body, correlationId, replyTo, timeoutMs, caller, queue = DEFAULT_QUEUE }, maxBodyBytes) {
    const expiresAt = Date.now() + timeoutMs;
    const message = writeTask({ route, body, id: correlationId, replyTo, expiresAt, caller }, maxBodyBytes);
    const outgoing: OutgoingMessage = {
      ...message,
      exchange: '',
      routingKey: queue,
      expirationMs: Math.ceil(timeoutMs),
    };
    return outgoing;
  },

  decodeInfo(message) {
    const { id, expires, eta, ignoresResult, caller, task } = readInfo(message);
    return {
      messageId: id,
      correlationId: id,
      replyTo: ignoresResult ? undefined : message.properties.replyTo,
      deadline: expires,
      notBefore: eta,
      caller,
      route: task,
    };
  },

  decodeBody: readTask,
  encodeReply: ({ messageId }, outcome, maxBodyBytes) => writeResult(messageId, outcome, maxBodyBytes),
  expired: { code: 'TaskRevokedError', message: 'expired' },
  unknownTask: (route) => ({ code: 'NotRegistered', message: route ?? '' }),
  decodeReply: readResult,
};
