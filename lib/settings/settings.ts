/**
 * Options and environment become one frozen `Settings`. The only reader of `process.env`.
 *
 * Shape:  code wins over the environment (`BGTASKS_RPC_TIMEOUT_MS` is `rpcTimeoutMs`, and so on), both over defaults.
 * Units:  `...Ms` is milliseconds, `...Bytes` bytes.
 * Errors: `INVALID_SETTING`, naming the setting, its value and what is allowed.
 */

import { availableParallelism } from 'node:os';
import type { TlsOptions } from '../broker/broker.js';
import { consoleLogger, type Logger, silentLogger } from '../logger.js';
import { type MetricsOptions, metricsSettings } from '../monitoring/options.js';
import type { JsonNumbers } from '../protocols/json-numbers.js';
import { type RemoteFieldsSettings, resolveRemoteFields } from '../remote/settings.js';
import type { PoolKind } from '../tasks/pool.js';
import type { Middleware } from '../tasks/task.js';
import type { DataSourceLike, MessageHook, ServiceOptions } from './options.js';
import { type OutboxSettings, outboxSettings } from './outbox.js';
import {
  checkOptions,
  checkValue,
  FLAGS,
  hostPart,
  invalidSetting,
  LISTS,
  NUMBERS,
  TEXTS,
  unknownSetting,
  VARIABLES,
  variableOf,
} from './values.js';
import { resolveWebSocket, type WebSocketSettings } from './websocket.js';

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
    throw invalidSetting('Setting "tls" needs an address that starts with amqps://.', { setting: 'tls' });
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
  throw invalidSetting('Setting "outbox" needs the setting "dataSource": its table is there.', { setting: 'outbox' });
}

function loggerOptions({ logLevel: level, logFormat: format }: ServiceOptions) {
  return { ...(level && { level }), ...(format && { format }) };
}

function fromEnvironment(environment: Environment): ServiceOptions {
  refuseUnknownVariables(environment);
  const found: Record<string, unknown> = {};
  for (const name of [...TEXTS, ...NUMBERS, ...LISTS, ...FLAGS]) {
    const variable = variableOf(name);
    const text = environment[variable];
    if (text === undefined || text.trim() === '') continue;
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
    throw invalidSetting(`Unknown environment variable "${variable}". Settings are: ${known}.`, { setting: variable });
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
    throw invalidSetting(`Give either "url" or "${parts.join('", "')}", not both.`, { parts });
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

function withoutUndefined(options: ServiceOptions): ServiceOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
