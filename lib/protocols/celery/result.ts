/**
 * Celery's result message: `{ task_id, status, result, traceback, children }`, matched by `task_id`.
 *
 * `exc_module: builtins` with a name that Python has gives its caller that very class; any other name a class made up for
 * it. It is always sent: without it even `ValueError` would be another class.
 */
import type { IncomingMessage } from '../../broker/broker.js';
import { readJson, writeJson } from '../json-body.js';
import type { Outcome } from '../protocol.js';

/** Errors that Celery itself knows, by their codes here. */
const CELERY_ERRORS: Readonly<Record<string, string>> = {
  NotRegistered: 'celery.exceptions',
  TaskRevokedError: 'celery.exceptions',
};

/** States in which the result is still to come. */
const UNREADY: readonly unknown[] = ['PENDING', 'RECEIVED', 'STARTED', 'RETRY', 'PROGRESS'];

export function writeResult(id: string, outcome: Outcome, maxBodyBytes: number): IncomingMessage {
  const { error } = outcome;
  const status = !error ? 'SUCCESS' : error.code === 'TaskRevokedError' ? 'REVOKED' : 'FAILURE';
  const result = error
    ? {
        exc_type: error.code,
        exc_message: [error.message],
        exc_module: CELERY_ERRORS[error.code] ?? 'builtins',
      }
    : (outcome.value ?? null);
  const body = { task_id: id, status, result, traceback: null, children: [] };
  return {
    body: writeJson(body, maxBodyBytes),
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

/** Undefined where the result is still to come. */
export function readResult(message: IncomingMessage, maxBodyBytes: number): Outcome | undefined {
  const value = readJson(message.body, maxBodyBytes);
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
