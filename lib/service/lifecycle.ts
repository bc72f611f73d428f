/**
 * A service from its first use to its end, and to its next start.
 *
 * Shape:  `opened` makes what there is to run, `start` serves, `stop` ends it all. Each of them happens once at a time: who
 *         asks meanwhile waits for the same.
 * Test:   in the environment `test` whatever is registered is served by first use, also after `stop`.
 */
import { ServiceStoppingError } from '../errors.js';
import { currentScope } from '../scope.js';
import type { Settings } from '../settings/settings.js';
import type { Registry } from '../tasks/registry.js';
import type { Worker } from '../worker/worker.js';
import type { Health } from './health.js';
import { RowWatch } from './row-watch.js';
import type { Running } from './running.js';

/** For handlers in children that are given up: their answers come from another process. */
const CHILD_GRACE_MS = 1000;

export interface LifecycleParts {
  /** Whose scope may call while it closes. */
  readonly service: object;
  readonly registry: Registry;
  /** Settles the settings. */
  settings(): Settings;
  isTest(): boolean;
  open(): Promise<Running>;
}

export class Lifecycle {
  readonly #parts: LifecycleParts;
  readonly #rows: RowWatch;
  #opening: Promise<Running> | undefined;
  #running: Running | undefined;
  #starting: Promise<void> | undefined;
  /** Aborted by a `stop` that comes meanwhile. */
  #startUp = new AbortController();
  /** What `start` opens just now: `stop` closes it, and so must wait for it. */
  #step: Promise<void> | undefined;
  #stopping: Promise<boolean> | undefined;
  #isClosed = false;
  #ownsDataSource = false;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
    this.#rows = new RowWatch({
      registry: parts.registry,
      isTest: parts.isTest,
      onChange: (route, keys) => this.#running?.invalidations.add(route, keys),
    });
  }

  /** What is open; undefined before first use. */
  get running(): Running | undefined {
    return this.#running;
  }

  /** Undefined where there is something to wait for, or to refuse, before it is used: see `inUse`. */
  get ready(): Running | undefined {
    return this.#isClosed || this.#parts.isTest() ? undefined : this.#running;
  }

  get health(): Health {
    const { broker, worker, client, webSockets, pools } = this.#running ?? {};
    const hasSockets = webSockets?.address !== undefined; // enough where there is nothing to consume
    const { reconnects = 0, repliesDropped = 0 } = broker?.counts ?? {};
    return {
      connected: broker?.isConnected ?? false,
      consuming: (broker?.isConnected && broker.isConsuming && (worker?.isConsuming || hasSockets)) ?? false,
      inFlight: (worker?.running ?? 0) + (webSockets?.running ?? 0),
      blockedBy: broker?.blockedBy,
      pendingCalls: client?.pending.size ?? 0,
      reconnects,
      repliesDropped,
      children: pools?.children ?? 0,
      childrenLost: pools?.lost ?? 0,
    };
  }

  /** Whether it does its work, for probes. Where nothing is served, a connection is all there can be. */
  get isReady(): boolean {
    const { connected, consuming } = this.health;
    const isReachable = connected || this.#running?.worker.needsBroker === false;
    return isReachable && !this.#isClosed && (consuming || this.#parts.registry.all().length === 0);
  }

  /** While the service closes, what still runs may call; nobody else. `otherwise`: what did not happen then. */
  async inUse(otherwise: string): Promise<Running> {
    if (this.#isClosed && currentScope()?.service !== this.#parts.service) await this.opened(otherwise);
    const running = this.#running ?? (await this.opened(otherwise));
    if (this.#parts.isTest()) await this.#serve(running.worker);
    return running;
  }

  async opened(otherwise: string): Promise<Running> {
    if (this.#isClosed && !this.#parts.isTest()) throw new ServiceStoppingError(otherwise);
    this.#opening ??= this.#parts.open().catch((error) => {
      this.#opening = undefined; // a bad setting may be mended
      throw error;
    });
    this.#running = await this.#opening;
    return this.#running;
  }

  start(): Promise<void> {
    if (this.#starting && !this.#startUp.signal.aborted) return this.#starting;
    this.#startUp = new AbortController();
    const starting = this.#start(this.#startUp.signal).finally(() => {
      if (this.#starting === starting) this.#starting = undefined;
    });
    this.#starting = starting;
    return starting;
  }

  /** False where handlers were still running after `drainMs`. */
  stop(): Promise<boolean> {
    this.#startUp.abort(new ServiceStoppingError('it was not started'));
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** A task was registered while others are served: caches may have asked it before its rows were watched. */
  async watchLate(route: string): Promise<void> {
    try {
      await this.#rows.watch();
      this.#running?.invalidations.add(route, undefined);
    } catch (error) {
      this.#parts.settings().logger.error({ route, err: error }, 'changed rows are not seen');
    }
  }

  async initializeDataSource(): Promise<void> {
    const { dataSource } = this.#parts.settings();
    if (!dataSource || dataSource.isInitialized) return;
    await dataSource.initialize();
    this.#ownsDataSource = true;
  }

  async #start(signal: AbortSignal): Promise<void> {
    // Else not one turn later: a `stop` that comes at once must find what is opened.
    if (this.#stopping !== undefined) await this.#stopping;
    signal.throwIfAborted();
    this.#isClosed = false;
    const { broker, worker, webSockets, pools, outbox, monitor } = await this.opened('it was not started');
    await this.#takeStep(signal, async () => monitor?.listen()); // first: probes may ask while the broker is away
    await this.#takeStep(signal, () => pools.start(this.#parts.registry.all())); // so is told what is wrong with modules
    // No steps: a broker or a database that is silent does not keep `stop` waiting.
    if (worker.needsBroker || outbox) await broker.connect();
    signal.throwIfAborted();
    await this.initializeDataSource();
    if (signal.aborted) await this.#destroyDataSource();
    await this.#takeStep(signal, async () => outbox?.start());
    await this.#takeStep(signal, () => webSockets.start());
    await this.#takeStep(signal, () => this.#serve(worker));
  }

  async #takeStep(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    this.#step = step();
    await this.#step.finally(() => {
      this.#step = undefined;
    });
  }

  /** Changes are seen from the first answer on: what is cached of it must not outlive them. */
  async #serve(worker: Worker): Promise<void> {
    await this.#rows.watch();
    await worker.start();
  }

  async #stop(): Promise<boolean> {
    this.#isClosed = true;
    const running = await this.#opening?.catch(() => undefined);
    if (!running) return true;
    const { drainMs, logger } = this.#parts.settings();
    const startedAt = performance.now();
    const leftMs = () => Math.max(0, drainMs - (performance.now() - startedAt));
    const { worker, webSockets } = running;
    const drained = await Promise.all([worker.drain(drainMs), webSockets.drain(drainMs)]);
    const isDrained = drained.every((each) => each);
    const stillRunning = worker.running + webSockets.running;
    if (!isDrained) logger.warn({ drainMs, running: stillRunning }, 'closed while handlers were running');
    await running.pools.close(CHILD_GRACE_MS); // ends that step too, where it waits for children
    await this.#step?.catch(() => {});
    await webSockets.close();
    this.#opening = undefined;
    this.#running = undefined;
    await running.dependencies.close();
    this.#rows.close();
    await running.invalidations.flush(leftMs());
    running.invalidationListener.close();
    running.client.close();
    running.work.close();
    await running.outbox?.close(leftMs());
    await running.broker.close();
    await running.monitor?.close();
    await this.#destroyDataSource();
    return isDrained;
  }

  async #destroyDataSource(): Promise<void> {
    if (!this.#ownsDataSource) return;
    this.#ownsDataSource = false;
    await this.#parts.settings().dataSource?.destroy();
  }
}
