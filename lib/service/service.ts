/**
 * A service: one deployable program. Joins settings, tasks, broker, client and worker; turns tasks into handles.
 *
 * Shape:  nothing is opened before the first call or `start()`. Two services can live in one process.
 * Test:   in the environment `test` every registered task is served inside the process as soon as one is called.
 */

import { PresenceClient } from '../clients/presence-client.js';
import type { SentWork } from '../clients/work-client.js';
import type { Contract, Remote } from '../contract/contract.js';
import { remoteContract, type Verifiable } from '../contract/remote.js';
import { type Served, serveContract } from '../contract/serve.js';
import { BgTasksError } from '../errors.js';
import type { MaybeObserver } from '../monitoring/observer.js';
import { childHost } from '../pool-child/child-host.js';
import { discoveryOf } from '../protocols/micro-framework/discovery.js';
import { invalidatingRows } from '../provider/invalidating.js';
import { RemoteFields } from '../remote/remote-fields.js';
import type { ServiceOptions } from '../settings/options.js';
import { addOptions, resolveSettings, type Settings } from '../settings/settings.js';
import { checkOptions } from '../settings/values.js';
import type { AsyncTaskFn } from '../tasks/async-task.js';
import type { EmitFn, EmitOptions, OnEventFn } from '../tasks/event.js';
import type { LoadTransformer } from '../tasks/instances.js';
import type { AnyJobTask, CancelJobFn, EnqueueFn, EnqueueOptions, JobTaskFn } from '../tasks/job.js';
import { callerPlace } from '../tasks/place.js';
import { type Layer, Registry } from '../tasks/registry.js';
import type { CallFn, CallOptions, RouteRef } from '../tasks/remotes.js';
import { checkEventName, checkJobRoute, checkRoute } from '../tasks/route.js';
import type { RpcTaskFn } from '../tasks/rpc.js';
import type { CronFn, EveryFn } from '../tasks/schedule.js';
import type { Middleware, Task, TaskDefinition, TaskOptions } from '../tasks/task.js';
import { checkTaskOptions } from '../tasks/task-options.js';
import type { WebSocketTaskFn } from '../tasks/websocket.js';
import type { Dependencies } from '../worker/dependencies.js';
import { Hold } from '../worker/hold.js';
import type { WebSocketAddress } from '../worker/websocket-source.js';
import { asyncTasks } from './async-task.js';
import type { Health } from './health.js';
import type { ServiceInternals } from './internals.js';
import { Lifecycle } from './lifecycle.js';
import { type Observation, observe } from './observation.js';
import { registering } from './register.js';
import { openRunning, type Running } from './running.js';

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
  #observation: Promise<Observation> | undefined;
  readonly #loadedModules = new Set<string>();
  #layer: Layer = 'direct';
  readonly #lifecycle = new Lifecycle({
    service: this,
    registry: this.#registry,
    settings: () => this.settings,
    isTest: () => this.#isTest(),
    open: () => this.#openAll(),
  });

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
      const { ready } = this.#lifecycle;
      if (ready) return ready.client.call(route, body, options ?? {});
      return this.#lifecycle
        .inUse(`"${route}" was not called`)
        .then(({ client }) => client.call(route, body, options ?? {}));
    } catch (error) {
      return Promise.reject(error);
    }
  }) as CallFn;

  /** Enqueues a job by its name or handle. Resolves once the broker has it. */
  readonly enqueue = ((ref: AnyJobTask | string, body?: unknown, options?: EnqueueOptions) => {
    try {
      const route = typeof ref === 'object' ? ref?.route : ref;
      checkJobRoute(route);
      const { ready } = this.#lifecycle;
      if (ready) return ready.work.enqueue(route, body, options);
      const running = this.#lifecycle.inUse(`the job "${route}" was not enqueued`);
      return running.then(({ work }) => work.enqueue(route, body, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }) as EnqueueFn;

  /** Cancels a job by its id; see `CancelJobFn` for what that promises. */
  readonly cancelJob: CancelJobFn = async (ref, id) => {
    const route = typeof ref === 'object' ? ref?.route : ref;
    checkJobRoute(route);
    const { work } = await this.#lifecycle.inUse(`the job "${id}" of "${route}" was not cancelled`);
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
    const { work } = await this.#lifecycle.inUse(`the event "${event}" was not emitted`);
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
    return this.#lifecycle.start();
  }

  /** Stops consuming, finishes what runs (at most `drainMs`), settles, closes. Closing twice is harmless. */
  async close(): Promise<void> {
    await this.#lifecycle.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  health(): Health {
    return this.#lifecycle.health;
  }

  /** Where WebSocket tasks are served, from `start()` to `close()`. */
  get webSocketAddress(): WebSocketAddress | undefined {
    return this.#lifecycle.running?.webSockets.address;
  }

  /** Caches, circuits and counts of the remote fields that ask through this service. */
  readonly remoteFields = new RemoteFields(
    () => this.settings.remoteFields,
    {
      hears: (route) => this.#hears(route),
      publish: async (route, keys) => {
        const { invalidations } = await this.#lifecycle.inUse(`caches were not told of changes of "${route}"`);
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
    pending: () => this.#lifecycle.running?.client.pending,
    broker: () => this.#lifecycle.running?.broker,
    presence: () => this.#presence(),
    monitorPort: () => this.#lifecycle.running?.monitor?.port,
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
    stop: () => this.#lifecycle.stop(),
    loadedModules: this.#loadedModules,
    prepareChild: (urls) => this.#prepareChild(urls),
    withdrawRemoved: async () => this.#lifecycle.running?.worker.withdrawRemoved(),
  };

  // ---------- registering

  #add(task: TaskDefinition, layer: Layer): void {
    childHost()?.registered(this, task);
    this.#registry.add(task, layer, this.#isTest());
    const discovery = discoveryOf(task, () => this.#registry.all());
    if (discovery && !this.#registry.get(discovery.route)) this.#registry.add(discovery, layer, this.#isTest());
    const isLate = this.#lifecycle.running?.worker.isConsuming && invalidatingRows(task.handler);
    if (isLate) void this.#lifecycle.watchLate(task.route);
  }

  #peek(): Settings {
    return this.#settings ?? resolveSettings(this.#options);
  }

  #isTest(): boolean {
    return this.#peek().environment === 'test';
  }

  // ---------- opening

  #hears(route: string): boolean | Promise<boolean> {
    const { running } = this.#lifecycle;
    if (running) return running.invalidationListener.hears(route);
    const opened = this.#lifecycle.opened(`changes of "${route}" are not heard`);
    return opened.then(
      ({ invalidationListener }) => invalidationListener.hears(route),
      () => false, // nor will the call get through
    );
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
      isReady: () => this.#lifecycle.isReady,
    });
  }

  /** The command line of the parent may have another address than the modules. Calls open the child's own connection. */
  async #prepareChild(urls: readonly string[]): Promise<Dependencies> {
    if (!this.#settings && String(this.#peek().urls) !== String(urls)) this.configure({ url: urls });
    await this.#lifecycle.initializeDataSource();
    return (await this.#lifecycle.opened('its task was not run')).dependencies;
  }

  /** Remote fields may ask before anything is open. */
  #observer(): MaybeObserver | Promise<MaybeObserver> {
    const { running } = this.#lifecycle;
    if (running) return running.observer;
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

  async #presence(): Promise<PresenceClient> {
    const running = await this.#lifecycle.opened('nobody was asked');
    running.presence ??= new PresenceClient(running.broker, this.settings.maxBodyBytes);
    return running.presence;
  }
}

/** class-transformer is an optional peer: loaded when an argument first needs it. */
const loadTransformer: LoadTransformer = async () =>
  (await import('../adapters/class-transformer.js')).loadTransformer();
