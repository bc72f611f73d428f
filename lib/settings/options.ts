/** The options of a service, as `configure()` and `new Service()` take them. */
import type { TlsOptions } from '../broker/broker.js';
import type { LogFormat, Logger, LogLevel } from '../logger.js';
import type { MetricsOptions } from '../monitoring/options.js';
import type { JsonNumbers } from '../protocols/json-numbers.js';
import type { RemoteFieldsOptions } from '../remote/settings.js';
import type { PoolKind } from '../tasks/pool.js';
import type { Middleware } from '../tasks/task.js';
import type { OutboxOptions } from './outbox.js';
import type { WebSocketOptions } from './websocket.js';

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
