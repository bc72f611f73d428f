/**
 * Jobs and events of the default protocol: JSON bodies, persistent, with a message id; a job goes to the queue named as
 * its route, an event to the exchange `<service>.events` under its name.
 */
import { workQueue } from '../topology/work-queue.js';
import { readJson, writeJson } from './json-body.js';
import { readHeaders, writeHeaders } from './json-headers.js';
import type { OutgoingWork, WorkProtocol } from './protocol.js';

/** Which run this is, from 1. A retry has the next number. */
const ATTEMPT = 'bgtasks-attempt';
const PERSISTENT = 2;

export const jsonWork: WorkProtocol = {
  queueOf: workQueue,

  exchangeOf: (service) => ({ name: `${service}.events`, type: 'topic', durable: true }),

  encode: (work, maxBodyBytes, numbers) => ({
    body: writeJson(work.body, maxBodyBytes, numbers),
    properties: {
      contentType: 'application/json',
      deliveryMode: PERSISTENT,
      messageId: work.messageId,
      timestamp: Math.floor(Date.now() / 1000),
      headers: headersOf(work),
      priority: work.priority,
      replyTo: work.replyTo,
    },
  }),

  decodeInfo({ properties }) {
    const attempt = properties.headers?.[ATTEMPT];
    const isAttempt = typeof attempt === 'number' && Number.isInteger(attempt) && attempt > 0;
    const { timestamp } = properties;
    const sentAt = typeof timestamp === 'number' ? timestamp * 1000 : undefined;
    return Object.assign(readHeaders(properties), { attempt: isAttempt ? attempt : 1, sentAt });
  },

  decodeBody: ({ body }, maxBodyBytes, numbers) => readJson(body, maxBodyBytes, numbers),

  again: ({ body, properties }, attempt, headers) => ({
    body,
    properties: { ...properties, deliveryMode: PERSISTENT, headers: { ...headers, [ATTEMPT]: attempt } },
  }),
};

function headersOf({ caller, deadline, headers }: OutgoingWork): Record<string, unknown> {
  return Object.assign(writeHeaders(caller, deadline), headers);
}
