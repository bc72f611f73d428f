/**
 * How tasks look on the wire: the arguments of queues, bytes, properties, errors. A property of the task, never
 * guessed from `content_type`: two of the Python systems send none, and one sends gzip without saying so.
 *
 * Shape:  one object per protocol; each step of the trip of a call is one function of it.
 * Errors: `decodeBody` and the `encode...` functions throw `BAD_BODY` or `BODY_TOO_LARGE`.
 */
import type { Declaration, ExchangeSpec, IncomingMessage, OutgoingMessage, ReplyQueue } from '../broker/broker.js';
import type { Caller } from '../caller.js';
import type { WorkQueueOptions } from '../topology/work-queue.js';
import type { JsonNumbers } from './json-numbers.js';

export type ProtocolName = 'json' | 'gzip-json' | 'celery' | 'klue' | 'micro-framework' | 'bgtasks-python';

/** A call, before it is bytes. */
export interface Request {
  readonly route: string;
  readonly body: unknown;
  readonly correlationId: string;
  readonly replyTo: string;
  /** How long the caller waits from now. */
  readonly timeoutMs: number;
  readonly caller: Caller;
  /** Where several tasks share one. */
  readonly queue?: string | undefined;
}

/** Where requests arrive. */
export interface RequestSource {
  readonly queue: string;
  /** The queue, and what belongs to it, in the order of declaration. */
  readonly declarations: readonly Declaration[];
}

/** What is known of a request apart from its body, which may turn out to be unreadable. */
export interface RequestInfo {
  readonly messageId: string;
  readonly correlationId: string | undefined;
  /** Undefined where nobody waits for an answer. */
  readonly replyTo: string | undefined;
  /** Epoch milliseconds. */
  readonly deadline: number | undefined;
  /** Epoch milliseconds: it is not to be started before. */
  readonly notBefore?: number | undefined;
  readonly caller: Caller;
  /** The task that it names, where tasks share a queue. */
  readonly route?: string | undefined;
}

/** How a call ended at its worker. */
export type Outcome = { readonly value: unknown; readonly error?: undefined } | { readonly error: WireError };

export interface WireError {
  readonly code: string;
  readonly message: string;
}

/** A job or an event, before it is bytes. */
export interface OutgoingWork {
  /** Of the job, or the name of the event. */
  readonly route: string;
  readonly body: unknown;
  readonly messageId: string;
  readonly caller: Caller;
  /** Not started after it, in epoch milliseconds. */
  readonly deadline?: number | undefined;
  /** Not started before it, in epoch milliseconds; of a protocol that `carriesStart`. */
  readonly notBefore?: number | undefined;
  readonly priority?: number | undefined;
  /** The queue that takes results and progress. */
  readonly replyTo?: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/** What is known of a job or an event apart from its body. */
export interface WorkInfo extends RequestInfo {
  /** Which run this is, from 1. */
  readonly attempt: number;
  /** When it was enqueued or emitted, in epoch milliseconds with whole seconds; undefined where the message does not say. */
  readonly sentAt?: number | undefined;
}

/** How jobs and events look on the wire: what nobody waits for, and must not be lost. */
export interface WorkProtocol {
  /** The queue of every job that names no other: a message names its task. Left out: a job has a queue of its own. */
  readonly sharedQueue?: string;
  /** Where jobs are published, under their routes. Left out: to their queue. Of a job with an exchange, delays are refused. */
  readonly jobExchange?: ExchangeSpec;
  /** The message says when it is to start, and whoever serves it waits. Left out: it waits in the broker. */
  readonly carriesStart?: true;
  /** The queue, and what belongs to it, in the order of declaration. */
  queueOf(name: string, options: WorkQueueOptions): readonly Declaration[];
  /** Where a service publishes its events. Left out: the protocol has jobs only. */
  exchangeOf?(service: string): ExchangeSpec;
  encode(work: OutgoingWork, maxBodyBytes: number, numbers?: JsonNumbers): IncomingMessage;
  /** How a job answers whoever asks in `replyTo`, `id` being that of the job. Left out: as jobs of ours. */
  encodeResult?(id: string, outcome: Outcome, maxBodyBytes: number, numbers?: JsonNumbers): IncomingMessage;
  decodeInfo(message: IncomingMessage): WorkInfo;
  decodeBody(message: IncomingMessage, maxBodyBytes: number, numbers?: JsonNumbers): unknown;
  /** The same message for its next run. `headers`: those that it keeps, and of its failure. */
  again(message: IncomingMessage, attempt: number, headers: Readonly<Record<string, unknown>>): IncomingMessage;
}

export interface Protocol {
  readonly name: ProtocolName;
  /** Undefined where the protocol has calls only. */
  readonly work?: WorkProtocol | undefined;
  /** It has jobs, and no calls. */
  readonly isJobsOnly?: true;
  /** Bodies are `{ args, kwargs }`, and handlers get their arguments by position. */
  readonly isPositional?: true;
  /** Tasks share a queue: a message names its task. What this gives is answered where nobody serves that. */
  readonly unknownTask?: (route: string | undefined) => WireError;
  /** What is answered to a request that has expired in its queue; left out: nothing. */
  readonly expired?: WireError;
  /** What replies of this protocol need. Default: as the service is set up. */
  readonly replyQueue?: ReplyQueue;
  /** Through which replies are sent. Default: the default exchange. */
  readonly replyExchange?: string;
  requestsOf(route: string, options: { readonly queue?: string | undefined }): RequestSource;
  encodeRequest(request: Request, maxBodyBytes: number, numbers?: JsonNumbers): OutgoingMessage;
  decodeInfo(message: IncomingMessage): RequestInfo;
  decodeBody(message: IncomingMessage, maxBodyBytes: number, numbers?: JsonNumbers): unknown;
  encodeReply(info: RequestInfo, outcome: Outcome, maxBodyBytes: number, numbers?: JsonNumbers): IncomingMessage;
  /** Undefined for a message that comes before the reply. */
  decodeReply(message: IncomingMessage, maxBodyBytes: number, numbers?: JsonNumbers): Outcome | undefined;
}
