/**
 * Celery's task message, protocol 2: headers `task` and `id`, body `[args, kwargs, embed]`. Protocol 1 is read as well.
 *
 * What ends a Celery worker, and is never sent: a body without exactly three elements, no `content_type`, no header `id`.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { IncomingMessage, MessageProperties } from '../../broker/broker.js';
import type { Caller } from '../../caller.js';
import { BgTasksError, preview } from '../../errors.js';
import { type Arguments, readArguments } from '../../tasks/arguments.js';
import { readJson, writeJson } from '../json-body.js';
import { callerOf, writeHeaders } from '../json-headers.js';
import type { JsonNumbers } from '../json-numbers.js';
import { readTime, writeTime } from './time.js';

const EMBED = { callbacks: null, errbacks: null, chain: null, chord: null };
const PERSISTENT = 2;

export interface CeleryTask {
  readonly route: string;
  readonly body: unknown;
  readonly id: string;
  readonly replyTo?: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt?: number | undefined;
  readonly eta?: number | undefined;
  readonly retries?: number;
  readonly priority?: number | undefined;
  readonly caller: Caller;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

export function writeTask(task: CeleryTask, maxBodyBytes: number, numbers?: JsonNumbers): IncomingMessage {
  const { route, id, replyTo, expiresAt, eta, retries = 0, priority = 0, caller, headers } = task;
  const { args, kwargs = {} } = argumentsOf(route, task.body);
  return {
    body: writeJson([args, kwargs, EMBED], maxBodyBytes, numbers),
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: PERSISTENT,
      priority,
      correlationId: id,
      messageId: id,
      ...(replyTo !== undefined && { replyTo }),
      headers: {
        ...headers,
        lang: 'js',
        task: route,
        id,
        shadow: null,
        eta: eta === undefined ? null : writeTime(eta),
        expires: expiresAt === undefined ? null : writeTime(expiresAt),
        group: null,
        group_index: null,
        retries,
        timelimit: [null, null],
        root_id: id,
        parent_id: null,
        argsrepr: '', // no bodies in the logs of others
        kwargsrepr: '',
        origin: `bgtasks@${hostname()}`,
        ignore_result: replyTo === undefined,
        ...writeHeaders(caller, undefined),
      },
    },
  };
}

/** What is sent as a body: `{ args, kwargs }`, or nothing. */
export function argumentsOf(route: string, body: unknown): Arguments {
  if (body === undefined || body === null) return { args: [] };
  const found = readArguments(body);
  if (found) return found;
  const message = `A task of Celery is called with { args: [...], kwargs: {...} }; "${route}" got ${preview(body)}.`;
  throw new BgTasksError('USAGE', message, { route });
}

/** The body as `{ args, kwargs }`. */
export function readTask(
  { body, properties }: IncomingMessage,
  maxBodyBytes: number,
  numbers?: JsonNumbers,
): Arguments {
  const value = readJson(body, maxBodyBytes, numbers);
  if (!isProtocol1(properties)) {
    if (!Array.isArray(value) || value.length !== 3) throw badBody('must be [args, kwargs, embed]');
    return checked(value[0], value[1]);
  }
  const { args = [], kwargs = {} } = (value ?? {}) as { args?: unknown; kwargs?: unknown };
  return checked(args, kwargs);
}

function checked(args: unknown, kwargs: unknown): Arguments {
  const found = readArguments({ args, kwargs });
  if (!found) throw badBody('must have a list of args and an object of kwargs');
  return found;
}

function badBody(problem: string): BgTasksError {
  return new BgTasksError('BAD_BODY', `The body of a Celery task ${problem}.`);
}

export interface CeleryInfo {
  readonly task: string | undefined;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly eta: number | undefined;
  readonly expires: number | undefined;
  /** Runs before this one. */
  readonly retries: number;
  readonly ignoresResult: boolean;
  readonly caller: Caller;
}

/** What a message says of itself; of protocol 1, what stands in its body. */
export function readInfo(message: IncomingMessage): CeleryInfo {
  const { properties } = message;
  const facts = isProtocol1(properties) ? bodyOf(message) : (properties.headers ?? {});
  const { task, id, eta, expires, retries, ignore_result: ignored } = facts;
  const known = typeof id === 'string' && id !== '' ? id : undefined;
  return {
    task: typeof task === 'string' ? task : undefined,
    id: known ?? properties.correlationId ?? randomUUID(),
    eta: readTime(eta),
    expires: readTime(expires),
    retries: typeof retries === 'number' && retries > 0 ? Math.floor(retries) : 0,
    ignoresResult: ignored === true,
    caller: callerOf(facts),
  };
}

function isProtocol1({ headers }: MessageProperties): boolean {
  return headers?.task === undefined;
}

function bodyOf({ body }: IncomingMessage): Record<string, unknown> {
  try {
    const value = readJson(body, body.length);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {}; // read again, with its error, as the body
  }
}
