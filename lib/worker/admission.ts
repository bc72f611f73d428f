/**
 * Room for handlers: which deliveries may start now, and when none is left.
 *
 * Shape:  calls have one gate, jobs and events another: a hundred long jobs must not keep callers waiting. A pool has one
 *         gate for both. Jobs and events pass the lane of their task first.
 * Bounds: `concurrency` of the service or the pool at each gate, that of the task in its lane.
 */
import type { Delivery } from '../broker/broker.js';
import type { Settings } from '../settings/settings.js';
import type { RateLimitOptions } from '../tasks/job.js';
import type { Registry } from '../tasks/registry.js';
import type { TaskDefinition } from '../tasks/task.js';
import { Gate } from './gate.js';
import { Lane } from './lane.js';
import type { Pools } from './pool/pools.js';

export interface AdmissionParts {
  readonly registry: Registry;
  readonly settings: Settings;
  readonly pools: Pools;
}

/** Serves a delivery by the task that has its route when it starts; its promise, if any, is that of the end. */
export type Serve = (task: TaskDefinition) => Promise<unknown> | undefined;

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #rpcGate: Gate;
  readonly #workGate: Gate;
  readonly #lanes: Lane[] = [];
  /** Deliveries that wait for room, or run. */
  #taken = 0;
  #givesBack = false;
  #onIdle: (() => void) | undefined;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#rpcGate = new Gate(parts.pools.inlineLimit);
    this.#workGate = new Gate(parts.pools.inlineLimit);
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#rpcGate.running + this.#workGate.running + this.#parts.pools.running;
  }

  /** See `refuse`. */
  get givesBack(): boolean {
    return this.#givesBack;
  }

  concurrencyOf(task: TaskDefinition): number {
    return task.options.concurrency ?? this.#parts.pools.limitOf(task);
  }

  laneOf(task: TaskDefinition, rateLimit?: RateLimitOptions): Lane {
    const lane = new Lane(this.#workGateOf(task), this.concurrencyOf(task), rateLimit);
    this.#lanes.push(lane);
    return lane;
  }

  /** A call. */
  takeRpc(route: string, delivery: Delivery, serve: Serve): void {
    const task = this.#parts.registry.get(route);
    const pool = task && this.#parts.pools.gateOf(task);
    const gate = pool ?? this.#rpcGate;
    this.#taken += 1;
    // A pool is shared with jobs: somebody waits for a call.
    gate.enter(() => void this.#run(gate, route, delivery, serve), pool !== undefined);
  }

  /** A job or an event. */
  takeWork(route: string, lane: Lane, isUrgent: boolean, delivery: Delivery, serve: Serve): void {
    this.#taken += 1;
    lane.enter(() => void this.#run(lane, route, delivery, serve), isUrgent);
  }

  /** What comes of no queue. Resolves when it has had its room, and has ended. */
  hold(task: TaskDefinition, run: () => Promise<void>): Promise<void> {
    const gate = this.#workGateOf(task);
    return new Promise((resolve) => {
      gate.enter(() => {
        void run().finally(() => {
          gate.leave();
          this.#tellIdle();
          resolve();
        });
      });
    });
  }

  /** What starts from now on goes back to its queue instead. */
  refuse(): void {
    this.#givesBack = true;
  }

  /** And so does what waits: another worker can have it while this one finishes what runs. */
  giveBack(): void {
    this.refuse();
    for (const lane of this.#lanes) lane.open();
    for (const gate of [this.#rpcGate, this.#workGate, ...this.#parts.pools.gates]) gate.open();
  }

  /** False where something is left after `ms`. */
  async idleWithin(ms: number): Promise<boolean> {
    if (this.#isIdle) return true;
    let timer: NodeJS.Timeout | undefined;
    const idle = new Promise<boolean>((resolve) => {
      this.#onIdle = () => resolve(true);
      timer = setTimeout(resolve, ms, false);
    });
    return idle.finally(() => clearTimeout(timer));
  }

  get #isIdle(): boolean {
    return this.running === 0 && this.#taken === 0;
  }

  #tellIdle(): void {
    if (this.#isIdle) this.#onIdle?.();
  }

  #workGateOf(task: TaskDefinition): Gate {
    return this.#parts.pools.gateOf(task) ?? this.#workGate;
  }

  /** There is room for it in `place`. Never rejects: whatever comes, the delivery is settled and the worker lives. */
  async #run(place: Gate | Lane, route: string, delivery: Delivery, serve: Serve): Promise<void> {
    const { settings, registry, pools } = this.#parts;
    try {
      const task = registry.get(route); // a task that replaced the one which is consumed
      // Awaited also where there is nothing to wait for: else each start would be within the end of the one before.
      await (this.#givesBack || !task ? delivery.reject({ requeue: true }) : serve(pools.placed(task)));
    } catch (error) {
      delivery.reject({ requeue: false });
      settings.logger.error({ route, err: error }, 'delivery could not be handled');
    } finally {
      this.#taken -= 1;
      place.leave();
      this.#tellIdle();
    }
  }
}
