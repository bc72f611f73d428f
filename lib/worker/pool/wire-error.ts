/**
 * Errors between a pool and its children: code, message, stack and plain facts, so that the parent answers, retries and
 * logs as if its own handler had thrown.
 *
 * Shape:  the class is kept where somebody asks for it: `retryOn` of the task, and those of ours that end retries.
 */
import { BgTasksError, ERROR_CODES, messageOf, UnrecoverableError } from '../../errors.js';
import { ValidationError } from '../../validation-error.js';
import type { WireError } from './messages.js';

type ErrorClass = abstract new (...args: never[]) => unknown;

/** Causes of causes, and so on: nobody reads on. */
const MAX_CAUSES = 5;
/** Told in members of their own. */
const TOLD: readonly string[] = ['name', 'message', 'stack', 'cause', 'errors', 'details'];

/** `retryOn` of the task, in the child. */
export function toWire(thrown: unknown, retryOn?: unknown, causes = MAX_CAUSES): WireError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: messageOf(thrown), stack: undefined, facts: {} };
  const index = Array.isArray(retryOn) ? retryOn.findIndex((type: ErrorClass) => thrown instanceof type) : -1;
  return {
    name: String(thrown.name),
    message: String(thrown.message),
    stack: typeof thrown.stack === 'string' ? thrown.stack : undefined,
    facts: plainFacts(thrown),
    ...(thrown instanceof ValidationError && { errors: thrown.errors }),
    ...(thrown.cause instanceof Error && causes > 0 && { cause: toWire(thrown.cause, undefined, causes - 1) }),
    ...(index >= 0 && { retryOn: index }),
  };
}

/** `retryOn` of the same task, in the parent. */
export function fromWire(wire: WireError, retryOn?: unknown): Error {
  const { name, message, stack, facts, errors, cause } = wire;
  const error = new Error(message, cause && { cause: fromWire(cause) });
  const own = { ...facts, ...(errors !== undefined && { errors }), name, ...(stack !== undefined && { stack }) };
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: key in facts });
  }
  return Object.setPrototypeOf(error, classOf(wire, retryOn).prototype);
}

function classOf({ facts: { code }, retryOn: index }: WireError, retryOn: unknown): ErrorClass {
  const retried = index !== undefined && Array.isArray(retryOn) ? retryOn[index] : undefined;
  if (typeof retried === 'function') return retried as ErrorClass;
  if (code === 'UNRECOVERABLE') return UnrecoverableError;
  if (code === 'VALIDATION') return ValidationError;
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? BgTasksError : Error;
}

function plainFacts(error: Error): Record<string, unknown> {
  const own = Object.entries(error).filter(([key, value]) => {
    return !TOLD.includes(key) && ['string', 'number', 'boolean'].includes(typeof value);
  });
  return Object.fromEntries(own);
}
