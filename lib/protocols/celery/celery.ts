/**
 * Celery, message protocol 2, JSON. Tasks of a service share one queue, `celery` unless the task says otherwise; a message
 * names its task in a header. Bodies are `{ args, kwargs }`.
 *
 * What a worker of ours answers: SUCCESS, FAILURE with `exc_type`, REVOKED for what has expired, NotRegistered for a task
 * that nobody serves. A task with an `eta` waits for it.
 */
import type { Declaration, OutgoingMessage } from '../../broker/broker.js';
import { deadQueue } from '../../topology/work-queue.js';
import type { Protocol, WorkProtocol } from '../protocol.js';
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

/**
 * Jobs: the same messages, of which nobody awaits the result, or a caller that is not ours.
 *
 * Why an `eta` is published at once: a Celery worker holds it back itself, and so does ours, in its queues of delays; the
 * producer cannot know which of the two it will be.
 */
export const celeryWork: WorkProtocol = {
  sharedQueue: DEFAULT_QUEUE,
  carriesStart: true,

  queueOf: (queue) => [...queueDeclarations(queue), deadQueue(queue)],

  encode({ route, body, messageId, caller, deadline, notBefore, priority, replyTo, headers }, maxBodyBytes, numbers) {
    const eta = notBefore === undefined ? {} : { eta: notBefore };
    const task = { route, body, id: messageId, caller, expiresAt: deadline, priority, replyTo, headers, ...eta };
    return writeTask(task, maxBodyBytes, numbers);
  },

  encodeResult: writeResult,

  decodeInfo(message) {
    const { id, expires, retries, caller, eta, task, ignoresResult } = readInfo(message);
    return {
      messageId: id,
      correlationId: id,
      replyTo: ignoresResult ? undefined : message.properties.replyTo,
      deadline: expires,
      notBefore: eta,
      caller,
      attempt: retries + 1,
      route: task,
    };
  },

  decodeBody: readTask,

  again: ({ body, properties }, attempt, headers) => ({
    body,
    properties: { ...properties, deliveryMode: 2, headers: { ...headers, retries: attempt - 1, eta: null } },
  }),
};

export const celery: Protocol = {
  name: 'celery',
  isPositional: true,

  requestsOf: (_route, { queue = DEFAULT_QUEUE }) => ({ queue, declarations: queueDeclarations(queue) }),

  encodeRequest(
    { route, body, correlationId, replyTo, timeoutMs, caller, queue = DEFAULT_QUEUE },
    maxBodyBytes,
    numbers,
  ) {
    const expiresAt = Date.now() + timeoutMs;
    const message = writeTask({ route, body, id: correlationId, replyTo, expiresAt, caller }, maxBodyBytes, numbers);
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
  encodeReply: ({ messageId }, outcome, maxBodyBytes, numbers) =>
    writeResult(messageId, outcome, maxBodyBytes, numbers),
  expired: { code: 'TaskRevokedError', message: 'expired' },
  unknownTask: (route) => ({ code: 'NotRegistered', message: route ?? '' }),
  decodeReply: readResult,
  work: celeryWork,
};
