/** What travels beside a JSON body, in headers that other systems ignore. */
import { randomUUID } from 'node:crypto';
import type { MessageProperties } from '../broker/broker.js';
import type { Caller } from '../caller.js';
import { BgTasksError } from '../errors.js';
import { isTraceparent, isTracestate } from '../monitoring/trace-context.js';
import { readJson, writeJson } from './json-body.js';

/** When nobody waits any longer, in epoch milliseconds: the broker's expiry does not reach prefetched messages. */
export const DEADLINE = 'bgtasks-deadline';
export const CALLER = 'bgtasks-caller';

/** Larger callers are refused when they are sent, and ignored when they are read. */
const MAX_CALLER_BYTES = 8192;
/** Of its URL, which any client can make long, so much travels. */
const MAX_URL_LENGTH = 2000;

export function writeHeaders(caller: Caller, deadline: number | undefined): Record<string, unknown> {
  const headers: Record<string, unknown> = {};
  if (deadline !== undefined) headers[DEADLINE] = deadline;
  const rest = isTraceparent(caller.traceparent) ? writeTrace(caller, headers) : caller;
  if (Object.keys(rest).length > 0) headers[CALLER] = writeCaller(rest);
  return headers;
}

/** What a message says of itself, whatever it is. */
export function readHeaders({ messageId, correlationId, replyTo, headers }: MessageProperties) {
  const deadline = headers?.[DEADLINE];
  return {
    messageId: messageId ?? correlationId ?? randomUUID(),
    correlationId,
    replyTo,
    deadline: typeof deadline === 'number' && Number.isFinite(deadline) ? deadline : undefined,
    caller: callerOf(headers),
  };
}

/** The caller that a message came with. */
export function callerOf(headers: MessageProperties['headers']): Caller {
  const caller = readCaller(headers?.[CALLER]);
  const { traceparent, tracestate } = headers ?? {};
  if (!isTraceparent(traceparent)) return caller;
  return { ...caller, traceparent, ...(isTracestate(tracestate) && { tracestate }) };
}

/** As headers of their own, where any tracing library finds them. What is left of the caller. */
function writeTrace({ traceparent, tracestate, ...rest }: Caller, headers: Record<string, unknown>): Caller {
  headers.traceparent = traceparent;
  if (isTracestate(tracestate)) headers.tracestate = tracestate;
  return rest;
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
