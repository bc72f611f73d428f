/**
 * Metrics of a service through prom-client, an optional peer that only this file imports.
 *
 * Shape:  an observer that counts, and what `/metrics` answers. What the service knows anyway (connection, remote fields)
 *         is read when it is asked for. Names and labels are listed in docs/operations.md, and a test compares them.
 * Labels: `route` (names of tasks, which are few), `kind`, `result`: `ok`, `fail` (an answer that says so), or the code of
 *         the error.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Caller } from '../caller.js';
import { statusOf } from '../envelope.js';
import { BgTasksError } from '../errors.js';
import type { Activity, Ended, Observer } from '../monitoring/observer.js';
import type { MetricsOptions } from '../monitoring/options.js';

/** What is read when somebody asks for the metrics. */
export interface Snapshot {
  readonly connected: boolean;
  readonly blocked: boolean;
  readonly pendingCalls: number;
  readonly reconnects: number;
  readonly repliesDropped: number;
  /** Of remote fields, by route. */
  readonly remote: Readonly<
    Record<
      string,
      { readonly cached: number; readonly refused: number; readonly degraded: number; readonly circuit: string }
    >
  >;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const KEYS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
/** An error's own code may be anything: what looks like no code is no label. */
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const MAX_CODES = 100;

export function prometheus(
  options: MetricsOptions,
  snapshot: () => Snapshot,
): { observer: Observer; registry: Registry } {
  const registry = (options.registry as Registry | undefined) ?? new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  const observer = new Metrics(registry, options.buckets ?? SECONDS);
  collectSnapshots(registry, snapshot);
  return { observer, registry };
}

class Metrics implements Observer {
  readonly #codes = new Set<string>();
  readonly #handled;
  readonly #handleSeconds;
  readonly #inFlight;
  readonly #wait;
  readonly #retries;
  readonly #deadLetters;
  readonly #calls;
  readonly #callSeconds;
  readonly #published;
  readonly #publishSeconds;
  readonly #batches;
  readonly #batchKeys;

  constructor(registry: Registry, bounds: readonly number[]) {
    const registers = [registry];
    const buckets = [...bounds];
    const task = ['route', 'kind'] as const;
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Counter({ name, help, labelNames, registers });
    const seconds = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Histogram({ name, help, labelNames, registers, buckets });
    this.#handled = counter('bgtasks_handled_total', 'Runs of handlers that have ended.', [...task, 'result']);
    this.#handleSeconds = seconds('bgtasks_handle_duration_seconds', 'How long handlers ran.', task);
    this.#inFlight = new Gauge({
      name: 'bgtasks_handlers_in_flight',
      help: 'Handlers that run now.',
      labelNames: task,
      registers,
    });
    this.#wait = seconds(
      'bgtasks_queue_wait_seconds',
      'From the arrival of a message in the process to its handler.',
      task,
    );
    this.#retries = counter('bgtasks_retries_total', 'Failed runs that are followed by another.', task);
    this.#deadLetters = counter('bgtasks_dead_letters_total', 'Messages that failed for good.', task);
    this.#calls = counter('bgtasks_calls_total', 'Calls that have ended.', ['route', 'result']);
    this.#callSeconds = seconds('bgtasks_call_duration_seconds', 'How long calls took, until their answer.', ['route']);
    this.#published = counter('bgtasks_published_total', 'Jobs and events, confirmed or not.', [...task, 'result']);
    this.#publishSeconds = seconds('bgtasks_publish_duration_seconds', 'From publishing to the confirm.', task);
    this.#batches = counter('bgtasks_remote_requests_total', 'Requests of remote fields.', ['route', 'result']);
    this.#batchKeys = new Histogram({
      name: 'bgtasks_remote_batch_keys',
      help: 'Keys in one request of remote fields.',
      labelNames: ['route'],
      registers,
      buckets: KEYS,
    });
  }

  call({ route, caller }: Parameters<Observer['call']>[0]): Activity {
    return timed(caller, (outcome, durationSeconds) => {
      this.#calls.inc({ route, result: this.#resultOf(outcome) });
      this.#callSeconds.observe({ route }, durationSeconds);
    });
  }

  publish({ kind, route, caller }: Parameters<Observer['publish']>[0]): Activity {
    return timed(caller, (outcome, durationSeconds) => {
      this.#published.inc({ route, kind, result: 'error' in outcome ? this.#resultOf(outcome) : 'ok' });
      this.#publishSeconds.observe({ route, kind }, durationSeconds);
    });
  }

  handle({ kind, route, caller, waitMs }: Parameters<Observer['handle']>[0]): Activity {
    this.#inFlight.inc({ route, kind });
    this.#wait.observe({ route, kind }, waitMs / 1000);
    return timed(caller, (outcome, durationSeconds) => {
      this.#inFlight.dec({ route, kind });
      this.#handled.inc({ route, kind, result: this.#resultOf(outcome) });
      this.#handleSeconds.observe({ route, kind }, durationSeconds);
    });
  }

  remoteBatch({ route, keys, caller }: Parameters<Observer['remoteBatch']>[0]): Activity {
    this.#batchKeys.observe({ route }, keys);
    return timed(caller, (outcome) => this.#batches.inc({ route, result: this.#resultOf(outcome) }));
  }

  retry(kind: string, route: string): void {
    this.#retries.inc({ route, kind });
  }

  deadLetter(kind: string, route: string): void {
    this.#deadLetters.inc({ route, kind });
  }

  #resultOf(outcome: Ended): string {
    if (!('error' in outcome)) return statusOf(outcome.value) === 'fail' ? 'fail' : 'ok';
    const { error } = outcome;
    return error instanceof BgTasksError ? error.code : this.#bounded((error as { code?: unknown } | null)?.code);
  }

  /** A service that makes up codes must not fill the memory of Prometheus. */
  #bounded(code: unknown): string {
    if (typeof code !== 'string' || !CODE.test(code)) return 'HANDLER_FAILED';
    if (this.#codes.size < MAX_CODES) this.#codes.add(code);
    return this.#codes.has(code) ? code : 'OTHER';
  }
}

function timed(caller: Caller, onEnd: (outcome: Ended, durationSeconds: number) => void): Activity {
  const startedAt = performance.now();
  return {
    caller,
    run: (work) => work(),
    end: (outcome) => onEnd(outcome, (performance.now() - startedAt) / 1000),
  };
}

/** Counts that are kept elsewhere become counters here when they are read. */
function collectSnapshots(registry: Registry, snapshot: () => Snapshot): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (now: Snapshot) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(snapshot()));
      },
    });
  const counter = (name: string, help: string, read: (now: Snapshot) => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read(snapshot()));
      },
    });
  gauge('bgtasks_connected', 'Whether there is a connection to the broker.', ({ connected }) => Number(connected));
  gauge('bgtasks_blocked', 'Whether the broker takes no messages, for an alarm.', ({ blocked }) => Number(blocked));
  gauge('bgtasks_calls_pending', 'Calls that wait for their answer.', ({ pendingCalls }) => pendingCalls);
  counter('bgtasks_reconnects_total', 'Connections that came back after a loss.', ({ reconnects }) => reconnects);
  counter('bgtasks_replies_dropped_total', 'Answers whose caller was gone.', ({ repliesDropped }) => repliesDropped);
  collectRemote(registry, snapshot);
}

function collectRemote(registry: Registry, snapshot: () => Snapshot): void {
  const registers = [registry];
  const byRoute = (name: string, help: string, count: 'cached' | 'refused' | 'degraded') =>
    new Counter({
      name,
      help,
      labelNames: ['route'],
      registers,
      collect() {
        this.reset();
        for (const [route, stats] of Object.entries(snapshot().remote)) this.inc({ route }, stats[count]);
      },
    });
  byRoute('bgtasks_remote_cached_keys_total', 'Keys that a cache of remote fields had.', 'cached');
  byRoute('bgtasks_remote_refused_total', 'Requests that an open circuit has refused.', 'refused');
  byRoute('bgtasks_remote_degraded_total', 'Fields that went without their objects.', 'degraded');
  new Gauge({
    name: 'bgtasks_remote_circuit_open',
    help: 'Whether a route is left alone, as it kept failing.',
    labelNames: ['route'],
    registers,
    collect() {
      this.reset();
      for (const [route, { circuit }] of Object.entries(snapshot().remote))
        this.set({ route }, circuit === 'open' ? 1 : 0);
    },
  });
}
