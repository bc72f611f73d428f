/**
 * Exceptions of micro_framework on the wire: `{ exception, message, args, kwargs, module }`. Its caller looks for a class of
 * that name among Python's own, then the framework's, then in `module`; `args` must be a list and `kwargs` an object.
 */
import type { Outcome, WireError } from '../protocol.js';
import { pythonNameOf } from '../python-errors.js';

const FRAMEWORK = 'micro_framework.exceptions';
const FRAMEWORK_ERRORS: readonly string[] = [
  'RPCTargetDoesNotExist',
  'RPCMalformedMessage',
  'MaxConnectionsReached',
  'RPCException',
];

export interface WireException {
  readonly exception: string;
  readonly message: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly module: string | null;
}

export function writeException({ code, message }: WireError): WireException {
  const exception = code === 'BAD_BODY' ? 'RPCMalformedMessage' : pythonNameOf(code);
  const module = FRAMEWORK_ERRORS.includes(exception) ? FRAMEWORK : null;
  return { exception, message, args: [message], kwargs: {}, module };
}

/** `{ data, exception }`, as both transports have it. */
export function writeAnswer(outcome: Outcome): { readonly data: unknown; readonly exception: WireException | null } {
  const { error } = outcome;
  return error ? { data: null, exception: writeException(error) } : { data: outcome.value ?? null, exception: null };
}

export function readAnswer(value: unknown): Outcome {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'exception')) return { value };
  const { data, exception } = value as { data?: unknown; exception: unknown };
  if (exception === null || exception === undefined) return { value: data ?? null };
  const { exception: name, message } = exception as Partial<WireException>;
  return {
    error: {
      code: typeof name === 'string' ? name : 'RPCException',
      message: typeof message === 'string' ? message : 'The error has no message.',
    },
  };
}
