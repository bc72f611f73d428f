/**
 * Celery's result message: `{ task_id, status, result, traceback, children }`, matched by `task_id`.
 *
 * `exc_module: builtins` with a name that Python has gives its caller that very class; any other name a class made up for
 * it. It is always sent: without it even `ValueError` would be another class.
 */
import type { IncomingMessage } from '../../broker/broker.js';
import { readJson, writeJson } from '../json-body.js';
import type { JsonNumbers } from '../json-numbers.js';
import type { Outcome, WireError } from '../protocol.js';
import { pythonNameOf } from '../python-errors.js';

/** Errors that Celery itself knows, by their codes here. */
const CELERY_ERRORS: ReadonlySet<string> = new Set(['NotRegistered', 'TaskRevokedError']);
const REVOKED = 'TaskRevokedError';
/** What is said of a task that was not run. */
const REASONS: Readonly<Record<string, string>> = { JOB_EXPIRED: 'expired', JOB_CANCELLED: 'revoked' };

/** States in which the result is still to come. */
const UNREADY: readonly unknown[] = ['PENDING', 'RECEIVED', 'STARTED', 'RETRY', 'PROGRESS'];

export function writeResult(
  id: string,
  outcome: Outcome,
  maxBodyBytes: number,
  numbers?: JsonNumbers,
): IncomingMessage {
  const { error } = outcome;
  const name = error && nameOf(error);
  const status = name === undefined ? 'SUCCESS' : name === REVOKED ? 'REVOKED' : 'FAILURE';
  const result = error ? exception(name as string, error) : (outcome.value ?? null);
  const body = { task_id: id, status, result, traceback: null, children: [] };
  return {
    body: writeJson(body, maxBodyBytes, numbers),
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      correlationId: id,
      deliveryMode: 1,
      priority: 0,
      headers: {},
    },
  };
}

function nameOf({ code }: WireError): string {
  return Object.hasOwn(REASONS, code) ? REVOKED : pythonNameOf(code);
}

function exception(name: string, { code, message }: WireError) {
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : message;
  return {
    exc_type: name,
    exc_message: [reason],
    exc_module: CELERY_ERRORS.has(name) ? 'celery.exceptions' : 'builtins',
  };
}

/** Undefined where the result is still to come. */
export function readResult(message: IncomingMessage, maxBodyBytes: number, numbers?: JsonNumbers): Outcome | undefined {
  const value = readJson(message.body, maxBodyBytes, numbers);
  const { status, result } = (value ?? {}) as { status?: unknown; result?: unknown };
  if (status === 'SUCCESS') return { value: result ?? null };
  if (UNREADY.includes(status)) return undefined;
  const { exc_type: type, exc_message: text } = (result ?? {}) as { exc_type?: unknown; exc_message?: unknown };
  const code = typeof type === 'string' ? type : String(status ?? 'FAILURE');
  return { error: { code, message: messageOf(text) } };
}

function messageOf(text: unknown): string {
  if (Array.isArray(text))
    return text.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(', ');
  return typeof text === 'string' ? text : 'The error has no message.';
}
