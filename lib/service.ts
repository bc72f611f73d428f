/**
 * A service: one deployable program. Joins settings, tasks, broker, client and worker; turns tasks into handles.
 *
 * Shape:  nothing is opened before the first call or `start()`. Two services can live in one process.
 * Test:   in the environment `test` every registered task is served inside the process as soon as one is called.
 */

import type { RowChanges } from './adapters/typeorm/row-changes.js';
import { asyncTasks } from './async-task.js';
import { childHost } from './child-host.js';
import { PresenceClient } from './clients/presence-client.js';
import type { SentWork } from './clients/work-client.js';
import type { Contract, Remote } from './contract/contract.js';
import { remoteContract, type Verifiable } from './contract/remote.js';
import { type Served, serveContract } from './contract/serve.js';
import { BgTasksError, ServiceStoppingError } from './errors.js';
import { type Observation, observe } from './observation.js';
import type { MaybeObserver } from './observer.js';
import { discoveryOf } from './protocols/micro-framework/discovery.js';
import { invalidatingRows } from './provider/invalidating.js';
import { registering } from './register.js';
import { RemoteFields } from './remote/remote-fields.js';
import { openRunning, type Running } from './running.js';
import { currentScope } from './scope.js';
import type { ServiceInternals } from './service-internals.js';
import type { ServiceOptions } from './service-options.js';
import { checkOptions } from './setting-values.js';
import { addOptions, resolveSettings, type Settings } from './settings.js';
import type { AsyncTaskFn } from './tasks/async-task.js';
import type { EmitFn, EmitOptions, OnEventFn } from './tasks/event.js';
import type { LoadTransformer } from './tasks/instances.js';
import type { AnyJobTask, CancelJobFn, EnqueueFn, EnqueueOptions, JobTaskFn } from './tasks/job.js';
import { callerPlace } from './tasks/place.js';
import { type Layer, Registry } from './tasks/registry.js';
import type { CallFn, CallOptions, RouteRef } from './tasks/remotes.js';
import { checkEventName, checkJobRoute, checkRoute } from './tasks/route.js';
import type { RpcTaskFn } from './tasks/rpc.js';
import type { CronFn, EveryFn } from './tasks/schedule.js';
import type { Middleware, Task, TaskDefinition, TaskOptions } from './tasks/task.js';
import { checkTaskOptions } from './tasks/task-options.js';
import type { WebSocketTaskFn } from './tasks/websocket.js';
import type { Dependencies } from './worker/dependencies.js';
import { Hold } from './worker/hold.js';
import type { WebSocketAddress } from './worker/websocket-source.js';
import type { Worker } from './worker/worker.js';

/** For handlers in children that are given up: their answers come from another process. */
const CHILD_GRACE_MS = 1000;

export interface Health {
  /** True while a connection to the broker is open. */
  readonly connected: boolean;
  /** Why the broker takes no messages at present, such as an alarm of its memory: calls wait, consumers go on. */
  readonly blockedBy: string | undefined;
  /** True while tasks are consumed. */
  readonly consuming: boolean;
  /** Handlers that run now. */
  readonly inFlight: number;
  /** Calls of this process that wait for an answer. */
  readonly pendingCalls: number;
  /** Connections that came back after a loss, since the service was opened. */
  readonly reconnects: number;
  /** Answers whose caller was gone, since the service was opened. */
  readonly repliesDropped: number;
  /** Processes and threads that run handlers. */
  readonly children: number;
  /** Those that ended unasked or had to be killed, since the service was opened. */
  readonly childrenLost: number;
}

export type ServeFn = <T extends object>(
  contract: Contract<T>,
  implementation: Served<NoInfer<T>>,
  options?: TaskOptions,
) => void;

export type RemoteFn = <T extends object>(contract: Contract<T>, options?: CallOptions) => Remote<T> & Verifiable;

export class Service implements AsyncDisposable {
  #options: ServiceOptions = {};
  #settings: Settings | undefined;
  readonly #registry = new Registry();
  #outerMiddleware: readonly Middleware[] = [];
  readonly #sentListeners: ((sent: SentWork) => void)[] = [];
  readonly #jobHold = new Hold();
  #running: Promise<Running> | undefined;
  #observation: Promise<Observation> | undefined;
  #open: Running | undefined;
  #rowChanges: RowChanges | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<boolean> | undefined;
  #isClosed = false;
  readonly #loadedModules = new Set<string>();
  #ownsDataSource = false;
  #layer: Layer = 'direct';

  constructor(options: ServiceOptions = {}) {
    this.configure(options);
  }

  /**
   * Adds options, before first use; afterwards it throws. A later option replaces an earlier one of its name, and an
   * address of the broker (`url`, or `host` and so on) an earlier one in either form.
   */
  configure(options: ServiceOptions): void {
    if (this.#settings) {
      const message = 'configure() came after first use of the service: call it before any task is called or started.';
      throw new BgTasksError('USAGE', message);
    }
    checkOptions(options);
    this.#options = addOptions(this.#options, options);
  }

  /** Options, environment and defaults together. Settled by the first reading. */
  get settings(): Settings {
    this.#settings ??= resolveSettings(this.#options);
    return this.#settings;
  }

  /** Everything registered, by route. */
  get tasks(): ReadonlyMap<string, Task> {
    return new Map(this.#registry.all().map((task) => [task.route, task]));
  }

  readonly #register = registering({
    add: (task) => this.#add(task, this.#layer),
    call: (route, body, options) => this.call(route, body, options),
    enqueue: (route, body, options) => this.enqueue(route, body, options),
  });

  /** Registers an rpc task: `rpcTask('images.get', options?)(handler)`, `rpcTask(..., handler)`, or on a class method. */
  readonly rpcTask: RpcTaskFn = this.#register.rpcTask;

  /** Registers a job: `jobTask('mail.send', options?)(handler)`, `jobTask(..., handler)`, or on a class method. */
  readonly jobTask: JobTaskFn = this.#register.jobTask;

  /** Registers a function as a job with its arguments: `asyncTask('mail.send', options?)(async (title, body) => ...)`. */
  readonly asyncTask: AsyncTaskFn = asyncTasks({
    add: (task) => this.#add(task, this.#layer),
    enqueue: (route, body, options) => this.enqueue(route, body, options),
    loadTransformer,
  });

  /** Registers a listener: `onEvent('users', 'user.created', options?)(handler)`, or on a class method. */
  readonly onEvent: OnEventFn = this.#register.onEvent;

  /** Registers a schedule: `every('clean-up', '10 min', options?)(handler)`, or on a class method. */
  readonly every: EveryFn = this.#register.every;

  /** Registers a schedule: `cron('report', '0 3 * * *', { timeZone })(handler)`, or on a class method. */
  readonly cron: CronFn = this.#register.cron;

  /** Registers a task that is called over a WebSocket: `webSocketTask('sum', { params: ['a', 'b'] })((a, b) => a + b)`. */
  readonly webSocketTask: WebSocketTaskFn = this.#register.webSocketTask;

  /** Calls a task by its name or handle. Rejects with one typed error when no answer can come. */
  readonly call = ((ref: RouteRef, body?: unknown, options?: CallOptions) => {
    try {
      const route = typeof ref === 'object' ? ref?.route : ref;
      checkRoute(route);
      // Without a promise of its own: a call that is answered costs one, not four.
      if (this.#ready) return this.#ready.client.call(route, body, options ?? {});
      return this.#inUse(`"${route}" was not called`).then(({ client }) => client.call(route, body, options ?? {}));
    } catch (error) {
      return Promise.reject(error);
    }
  }) as CallFn;

  /** Enqueues a job by its name or handle. Resolves once the broker has it. */
  readonly enqueue = ((ref: AnyJobTask | string, body?: unknown, options?: EnqueueOptions) => {
    try {
      const route = typeof ref === 'object' ? ref?.route : ref;
      checkJobRoute(route);
      if (this.#ready) return this.#ready.work.enqueue(route, body, options);
      const running = this.#inUse(`the job "${route}" was not enqueued`);
      return running.then(({ work }) => work.enqueue(route, body, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }) as EnqueueFn;

  /** Cancels a job by its id; see `CancelJobFn` for what that promises. */
  readonly cancelJob: CancelJobFn = async (ref, id) => {
    const route = typeof ref === 'object' ? ref?.route : ref;
    checkJobRoute(route);
    const { work } = await this.#inUse(`the job "${id}" of "${route}" was not cancelled`);
    return work.cancel(route, id);
  };

  /** Tells whoever listens. Resolves once the broker has the event. */
  readonly emit = (async (event: string, body: unknown, options?: EmitOptions) => {
    checkEventName(event);
    const { serviceName } = this.settings;
    if (serviceName === undefined) {
      const message = `The event "${event}" needs the setting "serviceName": listeners name the service that emits.`;
      throw new BgTasksError('INVALID_SETTING', message, { event });
    }
    const { work } = await this.#inUse(`the event "${event}" was not emitted`);
    return work.emit(serviceName, event, body, options);
  }) as EmitFn;

  /** Serves a contract: each method of the implementation becomes the task `<name>.<method>`. */
  readonly serve: ServeFn = (contract, implementation, options) => {
    const place = callerPlace(this.serve);
    serveContract(
      (route, taskOptions, handler) => {
        checkTaskOptions('rpc', route, taskOptions);
        this.#add({ kind: 'rpc', route, handler, options: taskOptions, place }, this.#layer);
      },
      contract,
      implementation,
      options,
    );
  };

  /** A typed proxy of the service that serves a contract: `await service.remote(stuff).doSomeStuff('Hello!')`. */
  readonly remote: RemoteFn = (contract, options) =>
    remoteContract((route, body, callOptions) => this.call(route, body, callOptions), contract, options);

  /** Connects, declares, consumes: what `bgtasks tasks` does. A service that only calls need not start. */
  start(): Promise<void> {
    if (childHost()) return Promise.resolve(); // its parent serves
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Stops consuming, finishes what runs (at most `drainMs`), settles, closes. Closing twice is harmless. */
  async close(): Promise<void> {
    await this.#stop();
  }

  /** False where handlers were still running after `drainMs`. */
  #stop(): Promise<boolean> {
    this.#stopping ??= this.#stopAll().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #stopAll(): Promise<boolean> {
    this.#isClosed = true;
    const running = await this.#running?.catch(() => undefined);
    if (!running) return true;
    const { drainMs, logger } = this.settings;
    const startedAt = performance.now();
    const { worker, webSockets } = running;
    const drained = await Promise.all([worker.drain(drainMs), webSockets.drain(drainMs)]);
    const isDrained = drained.every((each) => each);
    const stillRunning = worker.running + webSockets.running;
    if (!isDrained) logger.warn({ drainMs, running: stillRunning }, 'closed while handlers were running');
    await running.pools.close(CHILD_GRACE_MS);
    await webSockets.close();
    this.#running = undefined;
    this.#open = undefined;
    await running.dependencies.close();
    this.#rowChanges?.close();
    await running.invalidations.flush(Math.max(0, drainMs - (performance.now() - startedAt)));
    running.invalidationListener.close();
    running.client.close();
    running.work.close();
    await running.outbox?.close(Math.max(0, drainMs - (performance.now() - startedAt)));
    await running.broker.close();
    await running.monitor?.close();
    if (this.#ownsDataSource) await this.settings.dataSource?.destroy();
    this.#ownsDataSource = false;
    return isDrained;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  health(): Health {
    const { broker, worker, client, webSockets, pools } = this.#open ?? {};
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

  /** Where WebSocket tasks are served, from `start()` to `close()`. */
  get webSocketAddress(): WebSocketAddress | undefined {
    return this.#open?.webSockets.address;
  }

  /** Caches, circuits and counts of the remote fields that ask through this service. */
  readonly remoteFields = new RemoteFields(
    () => this.settings.remoteFields,
    {
      hears: (route) => this.#hears(route),
      publish: async (route, keys) => {
        const { invalidations } = await this.#inUse(`caches were not told of changes of "${route}"`);
        await invalidations.publish(route, keys);
      },
    },
    () => this.#observer(),
  );

  /** @internal */
  readonly internals: ServiceInternals = {
    registry: this.#registry,
    peek: () => this.#peek(),
    messages: () => this.#options.messages,
    pending: () => this.#open?.client.pending,
    broker: () => this.#open?.broker,
    presence: () => this.#presence(),
    monitorPort: () => this.#open?.monitor?.port,
    onSent: (listener) => void this.#sentListeners.push(listener),
    jobHold: this.#jobHold,
    use: (middleware) => {
      this.#outerMiddleware = [middleware, ...this.#outerMiddleware];
    },
    register: (route, handler, place, layer) => this.#add({ kind: 'rpc', route, handler, options: {}, place }, layer),
    whileLoading: async (load) => {
      this.#layer = 'loaded';
      return load().finally(() => {
        this.#layer = 'direct';
      });
    },
    stop: () => this.#stop(),
    loadedModules: this.#loadedModules,
    prepareChild: (urls) => this.#prepareChild(urls),
    withdrawRemoved: async () => this.#open?.worker.withdrawRemoved(),
  };

  // ---------- registering

  #add(task: TaskDefinition, layer: Layer): void {
    childHost()?.registered(this, task);
    this.#registry.add(task, layer, this.#isTest());
    const discovery = discoveryOf(task, () => this.#registry.all());
    if (discovery && !this.#registry.get(discovery.route)) this.#registry.add(discovery, layer, this.#isTest());
    if (this.#open?.worker.isConsuming && invalidatingRows(task.handler)) void this.#watchLate(task);
  }

  /** It may have been asked before its rows were watched: what was cached of it then is forgotten. */
  async #watchLate({ route }: TaskDefinition): Promise<void> {
    try {
      await this.#watchRows();
      this.#open?.invalidations.add(route, undefined);
    } catch (error) {
      this.settings.logger.error({ route, err: error }, 'changed rows are not seen');
    }
  }

  #peek(): Settings {
    return this.#settings ?? resolveSettings(this.#options);
  }

  #isTest(): boolean {
    return this.#peek().environment === 'test';
  }

  // ---------- opening

  async #start(): Promise<void> {
    await this.#stopping;
    this.#isClosed = false;
    const { broker, worker, webSockets, pools, outbox, monitor } = await this.#opened('it was not started');
    await monitor?.listen(); // first: probes may ask while the broker is away
    await pools.start(this.#registry.all()); // before the broker: what is wrong with modules is told without one
    if (worker.needsBroker || outbox) await broker.connect();
    await this.#initializeDataSource();
    outbox?.start();
    await webSockets.start();
    await this.#serve(worker);
  }

  /** Undefined where there is something to wait for, or to refuse, before it is used. */
  get #ready(): Running | undefined {
    return this.#isClosed || this.#isTest() ? undefined : this.#open;
  }

  /** While the service closes, what still runs may call; nobody else. In tests, everything registered is served. */
  async #inUse(otherwise: string): Promise<Running> {
    if (this.#isClosed && currentScope()?.service !== this) await this.#opened(otherwise);
    const running = this.#open ?? (await this.#opened(otherwise));
    if (this.settings.environment === 'test') await this.#serve(running.worker);
    return running;
  }

  /** Changes are seen from the first answer on: what is cached of it must not outlive them. */
  async #serve(worker: Worker): Promise<void> {
    await this.#watchRows();
    await worker.start();
  }

  /** TypeORM is an optional peer: loaded where a provider wants its rows watched. */
  async #watchRows(): Promise<void> {
    const tasks = this.#registry.all().flatMap(({ route, handler }) => {
      const rows = invalidatingRows(handler);
      return rows ? [{ route, rows }] : [];
    });
    if (tasks.length === 0 && !this.#rowChanges) return;
    const { RowChanges } = await import('./adapters/typeorm/row-changes.js');
    this.#rowChanges ??= new RowChanges((route, keys) => this.#open?.invalidations.add(route, keys));
    this.#rowChanges.watch(tasks, { isLenient: this.#isTest() });
  }

  #hears(route: string): boolean | Promise<boolean> {
    if (this.#open) return this.#open.invalidationListener.hears(route);
    const opened = this.#opened(`changes of "${route}" are not heard`);
    return opened.then(
      ({ invalidationListener }) => invalidationListener.hears(route),
      () => false, // nor will the call get through
    );
  }

  async #opened(otherwise: string): Promise<Running> {
    if (this.#isClosed && !this.#isTest()) throw new ServiceStoppingError(otherwise);
    this.#running ??= this.#openAll().catch((error) => {
      this.#running = undefined; // a bad setting may be mended
      throw error;
    });
    this.#open = await this.#running;
    return this.#open;
  }

  async #openAll(): Promise<Running> {
    return openRunning({
      service: this,
      settings: this.settings,
      registry: this.#registry,
      observation: await this.#observed(),
      outerMiddleware: () => this.#outerMiddleware,
      sentListeners: this.#sentListeners,
      jobHold: this.#jobHold,
      loadedModules: this.#loadedModules,
      forget: (route, keys) => this.remoteFields.invalidate(route, keys),
      health: () => this.health(),
      isReady: () => this.#isReady(),
    });
  }

  /** The command line of the parent may have another address than the modules. Calls open the child's own connection. */
  async #prepareChild(urls: readonly string[]): Promise<Dependencies> {
    if (!this.#settings && String(this.#peek().urls) !== String(urls)) this.configure({ url: urls });
    await this.#initializeDataSource();
    return (await this.#opened('its task was not run')).dependencies;
  }

  /** Remote fields may ask before anything is open. */
  #observer(): MaybeObserver | Promise<MaybeObserver> {
    if (this.#open) return this.#open.observer;
    const { metrics, tracing } = this.settings;
    return metrics || tracing ? this.#observed().then(({ observer }) => observer) : undefined;
  }

  /** Once: counts go on after the service was closed and opened again. */
  #observed(): Promise<Observation> {
    this.#observation ??= observe(this.settings, () => ({
      ...this.health(),
      blocked: this.health().blockedBy !== undefined,
      remote: this.remoteFields.stats(),
    })).catch((error) => {
      this.#observation = undefined;
      throw error;
    });
    return this.#observation;
  }

  /** Where nothing is served, a connection is all there can be. */
  #isReady(): boolean {
    const { connected, consuming } = this.health();
    const isReachable = connected || this.#open?.worker.needsBroker === false;
    return isReachable && !this.#isClosed && (consuming || this.#registry.all().length === 0);
  }

  async #presence(): Promise<PresenceClient> {
    const running = await this.#opened('nobody was asked');
    running.presence ??= new PresenceClient(running.broker, this.settings.maxBodyBytes);
    return running.presence;
  }

  async #initializeDataSource(): Promise<void> {
    const { dataSource } = this.settings;
    if (!dataSource || dataSource.isInitialized) return;
    await dataSource.initialize();
    this.#ownsDataSource = true;
  }
}

/** class-transformer is an optional peer: loaded when an argument first needs it. */
const loadTransformer: LoadTransformer = async () =>
  (await import('./adapters/class-transformer.js')).loadTransformer();
