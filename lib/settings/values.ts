/**
 * The names of settings, and what each may be.
 *
 * Errors: `INVALID_SETTING`, naming the setting, its value and what is allowed. No secret is shown.
 */
import { BgTasksError, preview } from '../errors.js';
import { LOG_FORMATS, LOG_LEVELS, type Logger } from '../logger.js';
import { metricsProblem } from '../monitoring/options.js';
import { jsonNumbersProblem } from '../protocols/json-numbers.js';
import { problemWithRemoteFields } from '../remote/settings.js';
import { isPoolKind, POOL_KINDS } from '../tasks/pool.js';
import type { ServiceOptions } from './options.js';
import { outboxProblem } from './outbox.js';
import { tlsProblem } from './tls.js';
import { websocketProblem } from './websocket.js';

const ENVIRONMENTS = ['production', 'development', 'test'] as const;
const REPLY_QUEUES = ['direct', 'exclusive'] as const;
export const TEXTS = [
  'serviceName',
  'host',
  'username',
  'password',
  'vhost',
  'environment',
  'replyQueue',
  'pool',
  'callerSecret',
  'monitorHost',
  'logLevel',
  'logFormat',
] as const;
/** Texts of which only some are allowed. */
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  environment: ENVIRONMENTS,
  replyQueue: REPLY_QUEUES,
  logLevel: LOG_LEVELS,
  logFormat: LOG_FORMATS,
};
/** With commas, as variables. */
export const LISTS = ['url', 'tasks'] as const;
export const NUMBERS = [
  'port',
  'rpcTimeoutMs',
  'concurrency',
  'workers',
  'maxTasksPerChild',
  'maxMemoryMb',
  'drainMs',
  'maxBodyBytes',
  'monitorPort',
] as const;
/** `true` or `false`, as variables. */
export const FLAGS = ['metrics', 'tracing'] as const;
const OBJECTS = [
  'withAsync',
  'greedy',
  'json',
  'dataSource',
  'outbox',
  'logger',
  'middleware',
  'messages',
  'remoteFields',
  'tls',
  'websocket',
] as const;
export const VARIABLES: ReadonlySet<string> = new Set([...TEXTS, ...NUMBERS, ...LISTS, ...FLAGS].map(variableOf));
const NAMES: ReadonlySet<string> = new Set([...TEXTS, ...NUMBERS, ...LISTS, ...FLAGS, ...OBJECTS]);
const MIN_SECRET_LENGTH = 16;
/** A Node timer takes no more; beyond it fires at once. */
const MAX_MS = 2 ** 31 - 1;

/** Throws for names that are no settings, and for values that cannot be. Called where options are given, so that a mistake is found there. */
export function checkOptions(options: ServiceOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!NAMES.has(name)) throw unknownSetting(name);
    if (value !== undefined) checkValue(name, value, name);
  }
}

/** `rpcTimeoutMs` is `BGTASKS_RPC_TIMEOUT_MS`. */
export function variableOf(name: string): string {
  return `BGTASKS_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `label` is the name under which the user gave it: the option or the variable. */
export function checkValue(name: string, value: unknown, label: string): void {
  const problem = problemWith(name, value);
  if (problem) throw invalidSetting(`Setting "${label}" ${problem}`, { setting: label });
}

function problemWith(name: string, value: unknown): string | undefined {
  if ((NUMBERS as readonly string[]).includes(name)) return numberProblem(name, value);
  if (name === 'url') return urlProblem(value);
  if (name === 'tls') return tlsProblem(value);
  const choices = CHOICES[name];
  if (choices && !choices.includes(value)) return `must be one of ${choices.join(', ')}, not ${preview(value)}.`;
  if (name === 'serviceName' && !/^[\w-][\w.-]*$/.test(String(value))) {
    return `must consist of letters, digits, "_", "-" and ".", not ${preview(value)}.`;
  }
  if (name === 'callerSecret') return secretProblem(value);
  if (name === 'password') return typeof value === 'string' ? undefined : 'must be a text.'; // never shown
  if (name === 'json') return jsonNumbersProblem(value);
  if ((TEXTS as readonly string[]).includes(name) && typeof value !== 'string')
    return `must be a text, not ${preview(value)}.`;
  if ((name === 'host' || name === 'monitorHost') && !URL.canParse(`amqp://${hostPart(String(value))}/`)) {
    return `must be the name or address of a host, not ${preview(value)}.`;
  }
  if (name === 'tasks' && !isListOf(value, (path) => typeof path === 'string' && path !== '')) {
    return `must be a list of paths, not ${preview(value)}.`;
  }
  if (name === 'middleware' && !isListOf(value, (wrap) => typeof wrap === 'function')) {
    return `must be a list of functions, not ${preview(value)}.`;
  }
  if (
    name === 'logger' &&
    !LOG_LEVELS.every((level) => typeof (value as Partial<Logger> | null)?.[level] === 'function')
  ) {
    return `must have the methods ${LOG_LEVELS.join(', ')}.`;
  }
  if (name === 'metrics') return metricsProblem(value);
  if (name === 'pool' && !isPoolKind(value)) return `must be one of ${POOL_KINDS.join(', ')}, not ${preview(value)}.`;
  if ((name === 'withAsync' || name === 'tracing' || name === 'greedy') && typeof value !== 'boolean')
    return `must be true or false, not ${preview(value)}.`;
  if (name === 'remoteFields' || name === 'websocket') {
    const problem = name === 'websocket' ? websocketProblem(value) : problemWithRemoteFields(value);
    return problem && `${problem.startsWith('"') ? 'is wrong: ' : ''}${problem}.`;
  }
  if (name === 'outbox') return outboxProblem(value);
  if (name === 'messages' && typeof value !== 'function') return `must be a function, not ${preview(value)}.`;
  if ((name === 'logger' || name === 'dataSource') && (typeof value !== 'object' || value === null)) {
    return `must be an object, not ${preview(value)}.`;
  }
  return undefined;
}

/** Never shows the secret itself. */
function secretProblem(value: unknown): string | undefined {
  const isSecret = typeof value === 'string' && value.length >= MIN_SECRET_LENGTH;
  return isSecret ? undefined : `must be a text of at least ${MIN_SECRET_LENGTH} characters.`;
}

function numberProblem(name: string, value: unknown): string | undefined {
  const most = /port$/i.test(name) ? 65_535 : name.endsWith('Ms') ? MAX_MS : Number.MAX_SAFE_INTEGER;
  const least = name === 'drainMs' || name === 'monitorPort' ? 0 : 1;
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return undefined;
  const unit = name.endsWith('Ms') ? ' (milliseconds)' : '';
  return `must be a whole number${unit} from ${least} to ${most}, not ${Number.isNaN(value) ? 'NaN' : preview(value)}.`;
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function urlProblem(value: unknown): string | undefined {
  if (!Array.isArray(value)) return oneUrlProblem(value);
  if (value.length === 0) return 'must be a URL or a list of them, not an empty list.';
  const problem = value.map(oneUrlProblem).find((found) => found !== undefined);
  if (problem) return problem;
  const schemes = new Set(value.map((url: string) => url.split('://')[0]));
  if (schemes.size > 1) return `must be a list of URLs of one scheme, not of ${[...schemes].join(' and ')}.`;
  return schemes.has('memory') && value.length > 1 ? 'takes memory:// alone, not in a list of several.' : undefined;
}

/** Never shows the URL itself: it may hold a password. */
function oneUrlProblem(value: unknown): string | undefined {
  const schemes = 'must be a URL that starts with amqp://, amqps:// or memory://';
  if (typeof value !== 'string') return `${schemes}, as a text, and not of type ${typeof value}.`;
  if (!/^(amqps?|memory):\/\//.test(value)) {
    const [, scheme] = /^([a-z][a-z\d+.-]{0,19}):\/\//i.exec(value) ?? []; // without one, it starts with the user
    return `${schemes}; it starts with ${scheme === undefined ? 'no scheme' : `"${scheme}"`}.`;
  }
  if (!value.startsWith('memory:') && (!URL.canParse(value) || new URL(value).hostname === ''))
    return 'is not a readable URL; are special characters percent-encoded?';
  return undefined;
}

export function unknownSetting(name: string): BgTasksError {
  if (/^rpc_?sleep_?time/i.test(name)) {
    return invalidSetting(
      `"${name}" has no counterpart: replies arrive as events, nothing polls for them. Remove it.`,
      {
        name,
      },
    );
  }
  const near = [...NAMES].find(
    (known) => known.toLowerCase().replace(/ms$/, '') === name.toLowerCase().replace(/_/g, ''),
  );
  const hint = near ? ` Did you mean "${near}"?` : ` Settings are: ${[...NAMES].join(', ')}.`;
  return invalidSetting(`Unknown setting "${name}".${hint}`, { name });
}

export function invalidSetting(message: string, details: Readonly<Record<string, unknown>>): BgTasksError {
  return new BgTasksError('INVALID_SETTING', message, details);
}

/** An IPv6 address stands in brackets in a URL. */
export function hostPart(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
