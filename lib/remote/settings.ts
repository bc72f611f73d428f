/**
 * How remote fields of a service behave unless a class or a field says otherwise: the setting `remoteFields`.
 *
 * Units:  `...Ms` is milliseconds.
 * Errors: `problemWith...` gives a text that ends a sentence, as the caller knows what the option is called there.
 */
import { preview } from '../errors.js';

/**
 * What stands in a slot whose object did not come: null, the key, or an error for the whole response; `drop`, for lists
 * alone, leaves it out.
 */
export type OnMissing = 'null' | 'drop' | 'pk' | 'error';
/** What stands in a slot whose call failed: an error for the whole response, null, or the key. */
export type OnError = 'raise' | 'null' | 'pk';

export interface CircuitOptions {
  /** So many failures in a row open the circuit. Default: 5. */
  failures?: number;
  /** After so many milliseconds one call tries whether the service is back. Default: 10,000. */
  retryMs?: number;
}

export interface RemoteFieldsOptions {
  /** Default: `null`. */
  onMissing?: OnMissing;
  /** Default: `raise`. */
  onError?: OnError;
  /** How long a field waits for its objects, in milliseconds. Default: `rpcTimeoutMs`. */
  timeoutMs?: number;
  /** The most keys in one request; more go in several. Default: 1,000. */
  maxBatch?: number;
  /** Requests under way at once to one route; more wait their turn. Default: 100. */
  concurrency?: number;
  /** When a route that does not answer is left alone; false: never. In the environment `test` the default is false. */
  circuit?: CircuitOptions | false;
  /** Keys that several responses ask for in one turn of the event loop, for the same caller, go together. Default: false. */
  coalesce?: boolean;
}

export interface RemoteFieldsSettings {
  readonly onMissing: OnMissing;
  readonly onError: OnError;
  readonly timeoutMs: number | undefined;
  readonly maxBatch: number;
  readonly concurrency: number;
  readonly circuit: Readonly<Required<CircuitOptions>> | false;
  readonly coalesce: boolean;
}

const NAMES = ['onMissing', 'onError', 'timeoutMs', 'maxBatch', 'concurrency', 'circuit', 'coalesce'];
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  onMissing: ['null', 'drop', 'pk', 'error'],
  onError: ['raise', 'null', 'pk'],
};
const COUNTS: ReadonlySet<string> = new Set([
  'timeoutMs',
  'maxBatch',
  'concurrency',
  'failures',
  'retryMs',
  'ttlMs',
  'max',
]);
/** A Node timer takes no more; beyond it fires at once. */
const MAX_MS = 2 ** 31 - 1;

export function resolveRemoteFields(options: RemoteFieldsOptions = {}, isTest = false): RemoteFieldsSettings {
  const {
    onMissing = 'null',
    onError = 'raise',
    timeoutMs,
    maxBatch = 1000,
    concurrency = 100,
    coalesce = false,
  } = options;
  const { circuit = isTest ? false : {} } = options;
  const { failures = 5, retryMs = 10_000 } = circuit || {};
  return Object.freeze({
    onMissing,
    onError,
    timeoutMs,
    maxBatch,
    concurrency,
    circuit: circuit && Object.freeze({ failures, retryMs }),
    coalesce,
  });
}

/** What is wrong with the setting as a whole; undefined where nothing is. */
export function problemWithRemoteFields(options: unknown): string | undefined {
  return problemWithAll(options, NAMES, (name, value) => {
    if (name === 'coalesce')
      return typeof value === 'boolean' ? undefined : `must be true or false, not ${preview(value)}`;
    if (name !== 'circuit') return problemWithOption(name, value);
    return value === false ? undefined : problemWithAll(value, ['failures', 'retryMs'], problemWithOption);
  });
}

/** What is wrong with one option: a policy, or a number of things or of milliseconds. */
export function problemWithOption(name: string, value: unknown): string | undefined {
  const allowed = CHOICES[name];
  if (allowed)
    return allowed.includes(value as string)
      ? undefined
      : `must be one of ${allowed.join(', ')}, not ${preview(value)}`;
  if (!COUNTS.has(name)) return undefined;
  const most = name.endsWith('Ms') ? MAX_MS : Number.MAX_SAFE_INTEGER;
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return undefined;
  return `must be a whole number from 1 to ${most}, not ${Number.isNaN(value) ? 'NaN' : preview(value)}`;
}

/** The first option of an object that is unknown or has a wrong value, as `"name" must be ...`. */
export function problemWithAll(
  options: unknown,
  names: readonly string[],
  problemWith: (name: string, value: unknown) => string | undefined,
): string | undefined {
  if (typeof options !== 'object' || options === null) return `must be an object, not ${preview(options)}`;
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) return `has no option "${name}": there are ${names.join(', ')}`;
    const problem = value === undefined ? undefined : problemWith(name, value);
    if (problem) return `"${name}" ${problem}`;
  }
  return undefined;
}
