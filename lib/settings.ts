/**
 * Options and environment become one frozen `Settings`. The only reader of `process.env`.
 *
 * Shape:  code wins over the environment (`BGTASKS_RPC_TIMEOUT_MS` is `rpcTimeoutMs`, and so on), both over defaults.
 * Units:  `...Ms` is milliseconds, `...Bytes` bytes.
 * Errors: `INVALID_SETTING`, naming the setting, its value and what is allowed.
 */

import { availableParallelism } from 'node:os';
import type { TlsOptions } from './broker/broker.js';
import { BgTasksError, preview } from './errors.js';
import {
  consoleLogger,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type Logger,
  type LogLevel,
  silentLogger,
} from './logger.js';
import { type MetricsOptions, metricsProblem, metricsSettings } from './monitoring/options.js';
import { type OutboxOptions, type OutboxSettings, outboxProblem, outboxSettings } from './outbox-options.js';
import { type JsonNumbers, jsonNumbersProblem } from './protocols/json-numbers.js';
import {
  problemWithRemoteFields,
  type RemoteFieldsOptions,
  type RemoteFieldsSettings,
  resolveRemoteFields,
} from './remote/settings.js';
import { isPoolKind, POOL_KINDS, type PoolKind } from './tasks/pool.js';
import type { Middleware } from './tasks/task.js';
import { tlsProblem } from './tls.js';
import {
  resolveWebSocket,
  type WebSocketOptions,
  type WebSocketSettings,
  websocketProblem,
} from './websocket-settings.js';

/** What is needed of a TypeORM `DataSource`. */
export interface DataSourceLike {
  readonly isInitialized: boolean;
  initialize(): Promise<unknown>;
  destroy(): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: TypeORM's own parameter is wider than what a caller passes
  getMetadata(target: any): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  getRepository(target: any): unknown;
}

/**
 * Replaces the text of a validation error, in another language for one. `text` still has its `{names}`; those of `facts`
 * are filled in afterwards.
 */
export type MessageHook = (code: string, text: string, facts: Readonly<Record<string, unknown>>) => string;

export interface ServiceOptions {
  /** The name of this service; no default. */
  serviceName?: string;
  /**
   * `amqp://user:password@host:port/vhost`, `amqps://...` or `memory://`; of a cluster a list, tried in turn.
   * Default: `amqp://guest:guest@localhost:5672/`.
   */
  url?: string | readonly string[];
  /** Instead of `url`, with `port`, `username`, `password` and `vhost`. Default: `localhost`. */
  host?: string;
  /** Default: 5672. */
  port?: number;
  /** Default: `guest`. */
  username?: string;
  /** Default: `guest`. */
  password?: string;
  /** Default: `/`. */
  vhost?: string;
  /** Certificates of `amqps://`: PEM, or paths of files with it. Default: the authorities that Node knows. */
  tls?: TlsOptions;
  /**
   * Where answers arrive: RabbitMQ's direct reply-to, or a queue of this process, for brokers behind something that does
   * not know the former. Default: `direct`.
   */
  replyQueue?: 'direct' | 'exclusive';
  /** `test` answers calls inside the process, without a broker. Default: `production`. */
  environment?: 'production' | 'development' | 'test';
  /** How long a call waits for its answer. Default: 60,000. */
  rpcTimeoutMs?: number;
  /** Handlers of calls at once in this process, and as many of jobs and events. Default: 100; with a pool, `workers`. */
  concurrency?: number;
  /** Where handlers run, unless a task says otherwise: here, or in children without a connection. Default: `inline`. */
  pool?: PoolKind;
  /** Children of a pool. Default: the cores of the processor. */
  workers?: number;
  /** A child process ends after so many tasks, and another one takes its place. Default: never. */
  maxTasksPerChild?: number;
  /** A child that takes more after a task is replaced; of a thread V8 ends one whose heap grows beyond. Default: no limit. */
  maxMemoryMb?: number;
  /** Whether `close()` finishes what this process has taken from its queues, or only what runs. Default: false. */
  greedy?: boolean;
  /** How long `close()` waits for handlers that run. Default: 30,000. */
  drainMs?: number;
  /** The largest body that is sent or read. Default: 16 MiB. */
  maxBodyBytes?: number;
  /** How numbers are read and written that JSON in JavaScript does not know: `NaN`, and integers beyond 2^53. */
  json?: JsonNumbers;
  /**
   * Signs the callers that travel with messages (HMAC-SHA256), and refuses those that are not signed with it: the same in
   * all services that trust each other; at least 16 characters. Default: none, callers are believed.
   */
  callerSecret?: string;
  /** The TypeORM data source of `ModelSerializer`; initialised by `start()` where it is not. */
  dataSource?: DataSourceLike;
  /** Takes what is sent with a `manager`: the table `OutboxMessage` of `bgtasks/typeorm` in `dataSource`. Default: false. */
  outbox?: boolean | OutboxOptions;
  /** Counts for Prometheus, through `prom-client`, at `/metrics` of `monitorPort`. Default: false. */
  metrics?: boolean | MetricsOptions;
  /** Spans through `@opentelemetry/api`. Default: false. */
  tracing?: boolean;
  /** Where a started service serves `/healthz`, `/readyz` and `/metrics`; 0 is any free port. Default: nowhere. */
  monitorPort?: number;
  /** The address that it listens on there. Default: 127.0.0.1. */
  monitorHost?: string;
  /** Task modules for `bgtasks tasks`: paths or globs. */
  tasks?: readonly string[];
  /** `bgtasks serve` runs the worker of the served module beside it. Default: false. */
  withAsync?: boolean;
  /** pino's order of arguments, so a pino logger is accepted as it is. Default: lines on standard error. */
  logger?: Logger;
  /** Of the default logger: what is below is not logged. Default: `info`. */
  logLevel?: LogLevel;
  /** Of the default logger. Default: `text` on a terminal, else `json`, an object per line. */
  logFormat?: LogFormat;
  /** Around every task of the service, first to last from the outside in. */
  middleware?: readonly Middleware[];
  /** Texts of validation errors, in another language for one: `(code, text, facts) => text`. */
  messages?: MessageHook;
  /** Policies, limits and the circuit breaker of remote fields. A class or a field may say otherwise. */
  remoteFields?: RemoteFieldsOptions;
  /** Where `start()` serves WebSocket tasks, where there are any. Default: 127.0.0.1:8765. */
  websocket?: WebSocketOptions;
}

/** Options with their defaults, frozen. `host`, `port` and so on have become `url`. */
export interface Settings {
  readonly serviceName: string | undefined;
  /** The first of `urls`. */
  readonly url: string;
  readonly urls: readonly string[];
  readonly tls: TlsOptions | undefined;
  readonly replyQueue: 'direct' | 'exclusive';
  readonly environment: 'production' | 'development' | 'test';
  readonly rpcTimeoutMs: number;
  readonly concurrency: number;
  readonly pool: PoolKind;
  readonly workers: number;
  readonly maxTasksPerChild: number | undefined;
  readonly maxMemoryMb: number | undefined;
  readonly greedy: boolean;
  readonly drainMs: number;
  readonly maxBodyBytes: number;
  readonly json: JsonNumbers | undefined;
  readonly callerSecret: string | undefined;
  readonly dataSource: DataSourceLike | undefined;
  readonly outbox: OutboxSettings | undefined;
  readonly metrics: MetricsOptions | undefined;
  readonly tracing: boolean;
  readonly monitorPort: number | undefined;
  readonly monitorHost: string;
  readonly tasks: readonly string[] | undefined;
  readonly withAsync: boolean;
  readonly logger: Logger;
  readonly middleware: readonly Middleware[];
  readonly messages: MessageHook | undefined;
  readonly remoteFields: RemoteFieldsSettings;
  readonly websocket: WebSocketSettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

const ENVIRONMENTS = ['production', 'development', 'test'] as const;
const REPLY_QUEUES = ['direct', 'exclusive'] as const;
const TEXTS = [
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
const LISTS = ['url', 'tasks'] as const;
const NUMBERS = [
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
const FLAGS = ['metrics', 'tracing'] as const;
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
const VARIABLES: ReadonlySet<string> = new Set([...TEXTS, ...NUMBERS, ...LISTS, ...FLAGS].map(variableOf));
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

/** `added` over `options`: the address of the broker in one form replaces that in the other. */
export function addOptions(options: ServiceOptions, added: ServiceOptions): ServiceOptions {
  const { url, host, port, username, password, vhost, ...rest } = options;
  const address = { url, host, port, username, password, vhost };
  const keepsParts = added.url === undefined;
  const keepsUrl = partsOf(added).length === 0;
  const kept = Object.entries(address).filter(([name]) => (name === 'url' ? keepsUrl : keepsParts));
  return withoutUndefined({ ...rest, ...Object.fromEntries(kept), ...withoutUndefined(added) });
}

export function resolveSettings(options: ServiceOptions, environment: Environment = process.env): Settings {
  checkOptions(options);
  const given: ServiceOptions = { ...fromEnvironment(environment), ...withoutUndefined(options) };
  const isTest = given.environment === 'test';
  const urls = brokerUrls(options, fromEnvironment(environment), isTest);
  if (given.tls && !isTest && !urls[0].startsWith('amqps:')) {
    throw invalid('Setting "tls" needs an address that starts with amqps://.', { setting: 'tls' });
  }
  return Object.freeze({
    serviceName: given.serviceName,
    url: urls[0],
    urls,
    tls: given.tls,
    replyQueue: given.replyQueue ?? 'direct',
    environment: given.environment ?? 'production',
    rpcTimeoutMs: given.rpcTimeoutMs ?? 60_000,
    ...poolSettings(given),
    drainMs: given.drainMs ?? 30_000,
    maxBodyBytes: given.maxBodyBytes ?? 16 * 1024 * 1024,
    json: given.json && Object.freeze({ ...given.json }),
    callerSecret: given.callerSecret,
    dataSource: given.dataSource,
    outbox: outboxOf(given),
    metrics: metricsSettings(given.metrics),
    tracing: given.tracing ?? false,
    monitorPort: given.monitorPort,
    monitorHost: given.monitorHost ?? '127.0.0.1',
    tasks: given.tasks,
    withAsync: given.withAsync ?? false,
    logger: given.logger ?? (isTest ? silentLogger : consoleLogger(loggerOptions(given))),
    middleware: given.middleware ?? [],
    messages: given.messages,
    remoteFields: resolveRemoteFields(given.remoteFields, isTest),
    websocket: resolveWebSocket(given.websocket),
  });
}

function poolSettings({ pool = 'inline', workers = availableParallelism(), ...given }: ServiceOptions) {
  const { concurrency = pool === 'inline' ? 100 : workers, greedy = false } = given;
  const { maxTasksPerChild, maxMemoryMb } = given;
  return { pool, workers, concurrency, maxTasksPerChild, maxMemoryMb, greedy };
}

function outboxOf({ outbox, dataSource }: ServiceOptions): OutboxSettings | undefined {
  const settings = outboxSettings(outbox);
  if (settings === undefined || dataSource !== undefined) return settings;
  throw invalid('Setting "outbox" needs the setting "dataSource": its table is there.', { setting: 'outbox' });
}

function loggerOptions({ logLevel: level, logFormat: format }: ServiceOptions) {
  return { ...(level && { level }), ...(format && { format }) };
}

/** `rpcTimeoutMs` is `BGTASKS_RPC_TIMEOUT_MS`. */
export function variableOf(name: string): string {
  return `BGTASKS_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function fromEnvironment(environment: Environment): ServiceOptions {
  refuseUnknownVariables(environment);
  const found: Record<string, unknown> = {};
  for (const name of [...TEXTS, ...NUMBERS, ...LISTS, ...FLAGS]) {
    const variable = variableOf(name);
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const value = parsed(name, text);
    checkValue(name, value, variable);
    found[name] = value;
  }
  return found;
}

/** A misspelt variable would otherwise do nothing, silently. Those of tests of this package are no settings. */
function refuseUnknownVariables(environment: Environment): void {
  for (const variable of Object.keys(environment)) {
    if (!variable.startsWith('BGTASKS_') || variable.startsWith('BGTASKS_TEST_') || VARIABLES.has(variable)) continue;
    if (/RPC_SLEEP_TIME/.test(variable)) throw unknownSetting(variable.slice('BGTASKS_'.length));
    const known = [...VARIABLES].join(', ');
    throw invalid(`Unknown environment variable "${variable}". Settings are: ${known}.`, { setting: variable });
  }
}

function parsed(name: string, text: string): unknown {
  if ((LISTS as readonly string[]).includes(name)) return text.split(',').flatMap((item) => item.trim() || []);
  if ((FLAGS as readonly string[]).includes(name)) return text === 'true' || (text === 'false' ? false : text);
  return (NUMBERS as readonly string[]).includes(name) ? Number(text) : text;
}

/**
 * Where the broker is. The forms `url` and `host`, `port`, ... exclude each other within one source; code that says
 * either wins over an environment that says the other.
 */
function brokerUrls(options: ServiceOptions, environment: ServiceOptions, isTest: boolean): Urls {
  const source = [options, environment].find((each) => each.url !== undefined || partsOf(each).length > 0) ?? {};
  const parts = partsOf(source);
  if (source.url !== undefined && parts.length > 0) {
    throw invalid(`Give either "url" or "${parts.join('", "')}", not both.`, { parts });
  }
  const given = listOf(source.url);
  if (isTest && !given[0]?.startsWith('memory:')) return ['memory://'];
  if (given[0] !== undefined) return Object.freeze([...given]) as unknown as Urls;
  const { host, port, username, password, vhost } = { ...environment, ...withoutUndefined(options) };
  const user = `${encodeURIComponent(username ?? 'guest')}:${encodeURIComponent(password ?? 'guest')}`;
  const path = vhost === undefined || vhost === '/' ? '' : encodeURIComponent(vhost);
  return [`amqp://${user}@${hostPart(host ?? 'localhost')}:${port ?? 5672}/${path}`];
}

type Urls = readonly [string, ...string[]];

function listOf(url: ServiceOptions['url']): readonly string[] {
  if (url === undefined) return [];
  return typeof url === 'string' ? [url] : url;
}

function partsOf(source: ServiceOptions): readonly string[] {
  return (['host', 'port', 'username', 'password', 'vhost'] as const).filter((name) => source[name] !== undefined);
}

/** An IPv6 address stands in brackets in a URL. */
function hostPart(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** `label` is the name under which the user gave it: the option or the variable. */
function checkValue(name: string, value: unknown, label: string): void {
  const problem = problemWith(name, value);
  if (problem) throw invalid(`Setting "${label}" ${problem}`, { setting: label });
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
  if (typeof value !== 'string') return `${schemes}, not ${preview(value)}.`;
  if (!/^(amqps?|memory):\/\//.test(value))
    return `${schemes}; it starts with "${value.split('://')[0]?.slice(0, 20)}".`;
  if (!value.startsWith('memory:') && (!URL.canParse(value) || new URL(value).hostname === ''))
    return 'is not a readable URL; are special characters percent-encoded?';
  return undefined;
}

function unknownSetting(name: string): BgTasksError {
  if (/^rpc_?sleep_?time/i.test(name)) {
    return invalid(`"${name}" has no counterpart: replies arrive as events, nothing polls for them. Remove it.`, {
      name,
    });
  }
  const near = [...NAMES].find(
    (known) => known.toLowerCase().replace(/ms$/, '') === name.toLowerCase().replace(/_/g, ''),
  );
  const hint = near ? ` Did you mean "${near}"?` : ` Settings are: ${[...NAMES].join(', ')}.`;
  return invalid(`Unknown setting "${name}".${hint}`, { name });
}

function invalid(message: string, details: Readonly<Record<string, unknown>>): BgTasksError {
  return new BgTasksError('INVALID_SETTING', message, details);
}

function withoutUndefined(options: ServiceOptions): ServiceOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
