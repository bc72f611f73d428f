/** What the process that enqueued a job hears of it: progress, and in the end its result or error. */
import type { IncomingMessage } from '../broker/broker.js';
import { json } from './json.js';
import type { JsonNumbers } from './json-numbers.js';
import type { Outcome } from './protocol.js';

const PROGRESS = 'progress';
const TRANSIENT = 1;
const PERSISTENT = 2;

export type JobReply =
  | { readonly id: string; readonly progress: unknown; readonly outcome?: undefined }
  | { readonly id: string; readonly outcome: Outcome };

/** `id` is that of the job. */
export function encodeOutcome(
  id: string,
  outcome: Outcome,
  maxBodyBytes: number,
  numbers?: JsonNumbers,
): IncomingMessage {
  const { body, properties } = encode(id, outcome, maxBodyBytes, numbers);
  return { body, properties: { ...properties, deliveryMode: PERSISTENT } };
}

/** Lost with a restart of the broker: the next progress makes it good. */
export function encodeProgress(
  id: string,
  value: unknown,
  maxBodyBytes: number,
  numbers?: JsonNumbers,
): IncomingMessage {
  const { body, properties } = encode(id, { value }, maxBodyBytes, numbers);
  return { body, properties: { ...properties, deliveryMode: TRANSIENT, type: PROGRESS } };
}

export function decodeJobReply(message: IncomingMessage, maxBodyBytes: number, numbers?: JsonNumbers): JobReply {
  const { correlationId: id = '', type } = message.properties;
  const outcome = json.decodeReply(message, maxBodyBytes, numbers);
  return type === PROGRESS && !outcome.error ? { id, progress: outcome.value } : { id, outcome };
}

function encode(id: string, outcome: Outcome, maxBodyBytes: number, numbers?: JsonNumbers): IncomingMessage {
  const info = { messageId: id, correlationId: id, replyTo: undefined, deadline: undefined, caller: {} };
  return json.encodeReply(info, outcome, maxBodyBytes, numbers);
}
