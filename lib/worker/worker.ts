/**
 * Serves the tasks of a registry: consumes their queues, and a delivery finds its task and room for one more handler
 * (`admission.ts`; `serve-rpc.ts` and `serve-work.ts` have the steps from there).
 *
 * Shape:  one consumer per queue. A task that is registered later is served from then on.
 * Bounds: `drain` waits for running handlers; what has not started goes back to its queue, unless the service is greedy.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Consumer, Delivery } from '../broker/broker.js';
import { ServiceStoppingError } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { Protocol, RequestInfo, RequestSource } from '../protocols/protocol.js';
import type { DtoChecker } from '../schema.js';
import type { Scope } from '../scope.js';
import type { Settings } from '../settings/settings.js';
import type { Registry } from '../tasks/registry.js';
import type { Schedule } from '../tasks/schedule.js';
import type { Middleware, TaskDefinition } from '../tasks/task.js';
import { Admission, type Serve } from './admission.js';
import { Cancellations } from './cancellations.js';
import { ControlListener } from './control-listener.js';
import { Dedupe } from './dedupe.js';
import type { Dependencies } from './dependencies.js';
import type { Hold } from './hold.js';
import { type Lane, prefetchOf } from './lane.js';
import type { Pools } from './pool/pools.js';
import { Presence } from './presence.js';
import { RunningHandlers } from './running-handlers.js';
import type { Runs } from './runs.js';
import { lead } from './schedule/lead.js';
import { runTick, startTicker } from './schedule/ticker.js';
import { refuseUnknown, serveRpc } from './serve-rpc.js';
import { serveWork, type WorkOrigin } from './serve-work.js';
import { sourceOf } from './work-source.js';

export interface WorkerParts {
  readonly broker: Broker;
  readonly registry: Registry;
  readonly settings: Settings;
  /** What the handler, and what it calls, should know; `context` is that of the handler. */
  readonly scopeOf: (info: Pick<RequestInfo, 'caller' | 'deadline'>, context: object) => Scope;
  /** Around every task, from the outside in. */
  readonly middleware: () => readonly Middleware[];
  readonly checkDto: DtoChecker;
  readonly dependencies: Dependencies;
  readonly running: RunningHandlers;
  /** Where handlers run that do not run here. */
  readonly pools: Pools;
  /** Where jobs may wait for a test. */
  readonly jobHold: Hold;
  readonly runs: Runs;
  /** For those who ask. */
  readonly health: () => object;
}

const LATE_RETRY = { baseMs: 100, maxMs: 10_000 };

interface SharedJob {
  readonly lane: Lane;
  readonly origin: WorkOrigin;
}

export class Worker {
  readonly #parts: WorkerParts;
  readonly #admission: Admission;
  readonly #control: ControlListener;
  readonly #cancellations: Cancellations;
  readonly #consumers = new Map<string, Promise<Consumer>>();
  readonly #sharedJobs = new Map<string, SharedJob>();
  #stopListening: (() => void) | undefined;
  #isDraining = false;

  constructor(parts: Omit<WorkerParts, 'running'>) {
    const running = new RunningHandlers();
    this.#parts = { ...parts, running };
    this.#admission = new Admission(parts);
    this.#cancellations = new Cancellations(this.#parts);
    const presence = new Presence(parts);
    this.#control = new ControlListener({ ...parts, presence, onCancel: (id) => running.abort(id) });
  }

  get running(): number {
    return this.#admission.running;
  }

  /** False where every task is a schedule of the process alone. */
  get needsBroker(): boolean {
    const tasks = this.#parts.registry.all();
    return tasks.length === 0 || tasks.some((task) => isConsumed(task) && !task.schedule?.perProcess);
  }

  get isConsuming(): boolean {
    return this.#consumers.size > 0 && !this.#isDraining;
  }

  /** Resolves once every registered task is consumed, also those that came since the last call. */
  async start(): Promise<void> {
    const { registry } = this.#parts;
    this.#stopListening ??= registry.onAdd((task) => {
      if (isConsumed(task)) void this.#serveLate(task);
    });
    const tasks = registry.all().filter(isConsumed);
    for (const task of tasks) await this.#parts.dependencies.setUp(this.#parts.pools.placed(task));
    // Beside the tasks: a worker that starts waits for the broker only once.
    await Promise.all([...tasks.map((task) => this.#serve(task)), this.#listenToControl()]);
  }

  async #listenToControl(): Promise<void> {
    if (!this.needsBroker) return;
    const served = this.#parts.registry.all().filter(({ kind }) => kind === 'rpc');
    await this.#control.listen(served.map(({ route }) => route));
  }

  /** Stops serving what has left the registry, and lets callers know at once: the queues go too. */
  async withdrawRemoved(): Promise<void> {
    const needed = new Set(this.#parts.registry.all().map((task) => this.#placeOf(task)));
    const removed = [...this.#consumers.keys()].filter((place) => !needed.has(place));
    await Promise.all(removed.map((place) => this.#withdraw(place)));
  }

  async #withdraw(place: string): Promise<void> {
    const consumer = this.#consumers.get(place);
    this.#consumers.delete(place);
    await (await consumer)?.cancel();
    await this.#parts.broker.deleteQueue(place);
  }

  /**
   * Takes nothing new and waits for what runs, and where the service is greedy for what was taken, at most `drainMs`; then
   * its signals are aborted. True where all ended in time.
   */
  async drain(drainMs: number): Promise<boolean> {
    const { greedy } = this.#parts.settings;
    this.#isDraining = true;
    if (!greedy) this.#admission.refuse();
    this.#stopListening?.();
    const consumers = await Promise.allSettled(this.#consumers.values());
    await Promise.all(consumers.map((each) => each.status === 'fulfilled' && each.value.cancel()));
    this.#parts.jobHold.release();
    if (!greedy) this.#admission.giveBack();
    const isIdle = await this.#admission.idleWithin(drainMs);
    if (!isIdle) await this.#giveUp();
    return isIdle;
  }

  /** A handler that listens can still answer. */
  async #giveUp(): Promise<void> {
    this.#admission.giveBack();
    this.#parts.running.abortAll(new ServiceStoppingError('its handlers were given up'));
    await nextTurn();
  }

  /** A task that comes while the others are served. Who registers it waits for nothing: a broker that is away is asked again. */
  async #serveLate(task: TaskDefinition): Promise<void> {
    const { dependencies, pools, registry, settings } = this.#parts;
    const facts = { route: task.route };
    try {
      await dependencies.setUp(pools.placed(task));
      for (let failures = 0; ; failures += 1) {
        const failure = await this.#failureOf(task);
        if (this.#isDraining || registry.get(task.route) !== task) return;
        if (!failure) break;
        const level = failures === 0 ? 'error' : 'debug';
        settings.logger[level]({ ...facts, err: failure.error }, 'task cannot be served now, and is tried again');
        await sleep(Math.min(LATE_RETRY.maxMs, LATE_RETRY.baseMs * 2 ** failures), undefined, { ref: false });
      }
      await this.#listenToControl();
    } catch (error) {
      settings.logger.error({ ...facts, err: error }, 'task cannot be served');
    }
  }

  async #failureOf(task: TaskDefinition): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#serve(task);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  #serve(task: TaskDefinition): Promise<Consumer> {
    const place = this.#placeOf(task);
    const found = this.#consumers.get(place);
    // Else it would take its deliveries only to give them back, again and again.
    if (!found && this.#isDraining) return Promise.reject(new ServiceStoppingError(`"${task.route}" is not served`));
    const isShared = protocolOf(task).unknownTask !== undefined;
    const consumer = found ?? (isShared ? this.#consumeShared(task) : this.#consume(task));
    if (found === undefined) {
      this.#consumers.set(place, consumer);
      consumer.catch(() => this.#consumers.delete(place));
    }
    if (!isShared || task.kind !== 'job') return consumer;
    return this.#cancellations.serve(task.route).then(() => consumer);
  }

  /** Tasks that share a queue share its consumer. A task that replaces another is looked up when a delivery comes. */
  #placeOf(task: TaskDefinition): string {
    return protocolOf(task).unknownTask ? `queue ${this.#requestsOf(task).queue}` : task.route;
  }

  #consume(task: TaskDefinition): Promise<Consumer> {
    if (task.schedule) return this.#consumeSchedule(task, task.schedule);
    return task.kind === 'rpc' ? this.#consumeRpc(task) : this.#consumeWork(task);
  }

  #requestsOf(task: TaskDefinition): RequestSource {
    return protocolOf(task).requestsOf(task.route, task.options);
  }

  async #consumeRpc(task: TaskDefinition): Promise<Consumer> {
    const protocol = protocolOf(task);
    const { queue, declarations } = this.#requestsOf(task);
    return this.#parts.broker.consume({
      queue,
      declarations,
      prefetch: this.#admission.concurrencyOf(task),
      onDelivery: (delivery) =>
        this.#takeRpc(task.route, delivery, (current) => serveRpc(this.#parts, current, protocol, queue, delivery)),
    });
  }

  /** A queue that calls and jobs share: each delivery names its task. What nobody serves is answered and dropped. */
  async #consumeShared(task: TaskDefinition): Promise<Consumer> {
    const protocol = protocolOf(task);
    const place = this.#placeOf(task);
    const { queue, declarations } = this.#requestsOf(task);
    return this.#parts.broker.consume({
      queue,
      declarations,
      prefetch: this.#parts.settings.concurrency,
      onDelivery: (delivery) => {
        const { route } = protocol.decodeInfo(delivery);
        const named = route === undefined ? undefined : this.#parts.registry.get(route);
        if (this.#admission.givesBack) return delivery.reject({ requeue: true });
        if (!named || this.#placeOf(named) !== place) return refuseUnknown(this.#parts, protocol, delivery);
        if (named.kind === 'job') return this.#takeShared(named, queue, delivery);
        const serve: Serve = (current) => serveRpc(this.#parts, current, protocolOf(current), queue, delivery);
        this.#takeRpc(named.route, delivery, serve);
      },
    });
  }

  /** A job of a shared queue has a lane of its own, as any other. */
  #takeShared(task: TaskDefinition, queue: string, delivery: Delivery): void {
    const found = this.#sharedJobs.get(task.route) ?? this.#sharedJob(task, queue);
    this.#sharedJobs.set(task.route, found);
    this.#takeWork(task, found.lane, false, found.origin, delivery);
  }

  #sharedJob(task: TaskDefinition, queue: string): SharedJob {
    const lane = this.#admission.laneOf(task);
    const dedupe = task.options.dedupe ? new Dedupe() : undefined;
    return { lane, origin: { queue, mainQueue: queue, dedupe, cancellations: this.#cancellations } };
  }

  async #consumeWork(task: TaskDefinition): Promise<Consumer> {
    const { queue, highQueue, ...source } = sourceOf(task, this.#parts.settings.serviceName);
    const { rateLimit, dedupe } = task.options;
    const lane = this.#admission.laneOf(task, rateLimit);
    const cancellations = this.#cancellations;
    if (task.kind === 'job') await cancellations.serve(task.route);
    const known = { mainQueue: queue, dedupe: dedupe ? new Dedupe() : undefined, cancellations };
    const usual = prefetchOf(this.#admission.concurrencyOf(task), rateLimit);
    const consume = (from: string | undefined) => {
      const origin: WorkOrigin = { ...known, queue: from };
      const isUrgent = from !== undefined && from === highQueue;
      const onDelivery = (delivery: Delivery) => this.#takeWork(task, lane, isUrgent, origin, delivery);
      // One more of high priority at hand: else the next normal job would start while it is on its way.
      const prefetch = isUrgent ? usual + 1 : usual;
      return this.#parts.broker.consume({
        ...source,
        ...(from !== undefined && { queue: from }),
        prefetch,
        isIntake: true,
        onDelivery,
      });
    };
    const high = highQueue === undefined ? [] : [await consume(highQueue)]; // first, as its jobs start first
    const consumers = [...high, await consume(queue)];
    return { cancel: async () => void (await Promise.all(consumers.map((each) => each.cancel()))) };
  }

  #takeWork(task: TaskDefinition, lane: Lane, isUrgent: boolean, origin: WorkOrigin, delivery: Delivery): void {
    this.#parts.runs.arrived(delivery);
    const serve: Serve = (current) => serveWork(this.#parts, current, origin, delivery);
    const enter = () => this.#admission.takeWork(task.route, lane, isUrgent, delivery, serve);
    if (task.kind === 'job') this.#parts.jobHold.enter(delivery, enter);
    else enter();
  }

  #takeRpc(route: string, delivery: Delivery, serve: Serve): void {
    this.#parts.runs.arrived(delivery);
    this.#admission.takeRpc(route, delivery, serve);
  }

  /** In tests the time stands still: nothing fires by itself. */
  async #consumeSchedule(task: TaskDefinition, { rule, perProcess }: Schedule): Promise<Consumer> {
    const isTest = this.#parts.settings.environment === 'test';
    if (perProcess) return isTest ? { cancel: async () => {} } : startTicker(rule, () => this.#tick(task));
    const runs = await this.#consumeWork(task);
    return isTest ? runs : lead(this.#parts, task, runs);
  }

  /** Resolves when the handler has ended. */
  #tick(task: TaskDefinition): Promise<void> {
    return this.#admission.hold(task, async () => {
      if (!this.#isDraining) await runTick(this.#parts, this.#parts.pools.placed(task));
    });
  }
}

/** Tasks that are called over a WebSocket have no queue. */
function isConsumed({ kind }: TaskDefinition): boolean {
  return kind !== 'websocket';
}

export function protocolOf(task: TaskDefinition | undefined): Protocol {
  return PROTOCOLS[task?.options.protocol ?? 'json'];
}
