/**
 * Fires the slots of one schedule, in one process of those that serve it: the one to which the broker gives the state.
 *
 * Shape:  the state queue has a single active consumer and holds the last slot that was fired. Who gets it keeps it unacked
 *         and is the leader. Firing is one publish, into the queue of runs and, as the new state, into the state queue; what
 *         is older is acked once that has come back. When a leader dies, the broker hands the state to the next process.
 * Rule:   every publish must come back before the next one. So a new leader first publishes the state it was given, and what
 *         its predecessor had still sent is seen before that; and one that is the leader no longer, without knowing,
 *         fires nothing twice. The same publish, repeated, keeps the state younger than RabbitMQ's consumer timeout
 *         (30 minutes) and its count of deliveries low.
 * Doubt:  a publish that is not confirmed, or does not come back, ends the leadership. The queue tells who is next, and what
 *         was fired.
 * Why on the connection that publishes, unlike jobs: where that is lost, publishes and leadership end in their order.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Consumer, Delivery, OutgoingMessage, PublishOptions } from '../../broker/broker.js';
import type { Logger } from '../../logger.js';
import type { CatchUp, ScheduleRule } from '../../tasks/schedule.js';
import { type Slots, slotsOf } from '../../tasks/schedule-rule.js';
import type { ScheduleTopology } from '../../topology/schedule.js';
import { type Clock, MAX_SLEEP_MS, systemClock } from './clock.js';
import { dueSlots } from './slots.js';
import { readState, type ScheduleState, stateHeaders, supersedes } from './state.js';

const PREFETCH = 50;
const REFRESH_MS = 600_000;
/** Between a confirm and the delivery of the same message there is next to nothing, unless another process leads. */
const RETURN_MS = 10_000;
const PAUSE_MS = 1000;
const STOP_MS = 2000;
/** For so long, who led when the state was lost seeds with what it had fired; later, others have gone on. */
const SEED_AGAIN_MS = 8000;
/** A state that lies further ahead was written by a wrong clock; the schedule would stand still until then. */
const MAX_AHEAD_MS = 86_400_000;

export interface LeaderParts {
  readonly broker: Broker;
  readonly topology: ScheduleTopology;
  readonly rule: ScheduleRule;
  readonly catchUp: CatchUp;
  /** The body and the properties of a run, as the protocol writes them. */
  readonly encode: (at: Date, messageId: string) => Pick<OutgoingMessage, 'body' | 'properties'>;
  /** `<service>.<name>`, the front part of the id of every run. */
  readonly id: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

interface Held {
  readonly delivery: Delivery;
  readonly state: ScheduleState;
}

export class Leader {
  readonly #parts: LeaderParts;
  readonly #clock: Clock;
  readonly #slots: Slots;
  #consumer: Consumer | undefined;
  #held: Held | undefined;
  /** The token of what was published last, until it has come back and is confirmed. */
  #awaited: string | undefined;
  #refreshAt = 0;
  /** Slots that are to be fired one after the other. */
  #due: number[] = [];
  /** No slot is due before it. */
  #nextAt = 0;
  /** Counts consumers: what an earlier one was given goes back. */
  #term = 0;
  #isStopped = false;
  #publishing: Promise<unknown> = Promise.resolve();
  #forget: () => void = () => {};
  #forgetSeed: () => void = () => {};
  #wakePause: () => void = () => {};

  constructor(parts: LeaderParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#slots = slotsOf(parts.rule);
  }

  /** True while this process has the state, and what it published last has come back. */
  get isLeading(): boolean {
    return this.#held !== undefined && this.#awaited === undefined;
  }

  /** Resolves once the state is consumed, by this process or by another one. */
  async start(): Promise<void> {
    await this.#consume();
    void this.#seed(this.#term, undefined);
  }

  /** Gives the state back, so that another process goes on at once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wakePause();
    this.#forget();
    this.#forgetSeed();
    // What is on its way would come to the next leader after the state. A broker that is silent is not waited for.
    await Promise.race([this.#publishing, sleep(STOP_MS, undefined, { ref: false })]);
    await this.#giveBack();
  }

  async #consume(): Promise<void> {
    const { broker, topology } = this.#parts;
    this.#term += 1;
    const term = this.#term;
    this.#consumer = await broker.consume({
      queue: topology.stateQueue,
      declarations: topology.declarations,
      prefetch: PREFETCH,
      onDelivery: (delivery) => this.#onDelivery(term, delivery),
      onLost: () => this.#onLost(term),
    });
  }

  #onDelivery(term: number, delivery: Delivery): void {
    if (term !== this.#term || this.#isStopped) {
      delivery.reject({ requeue: true });
      return;
    }
    const state = this.#read(delivery);
    if (!state) {
      delivery.ack();
      return;
    }
    const held = this.#held?.delivery.isOpen ? this.#held : undefined;
    if (!held || supersedes(state, held.state)) {
      this.#held = { delivery, state };
      this.#nextAt = 0;
      held?.delivery.ack();
    } else {
      delivery.ack();
    }
    if (!held) this.#refresh();
    else if (state.token === this.#awaited) this.#settled(term, state.token);
  }

  #read(delivery: Delivery): ScheduleState | undefined {
    const { log, topology } = this.#parts;
    const state = readState(delivery);
    if (!state) log.warn({ queue: topology.stateQueue }, 'not a state of a schedule: dropped');
    const now = this.#clock.now();
    if (!state || state.slot <= now + MAX_AHEAD_MS) return state;
    const slot = new Date(state.slot).toISOString();
    log.warn(
      { queue: topology.stateQueue, slot },
      'state of a schedule from the future: counting starts again from now',
    );
    return { ...state, slot: now, isSeed: true };
  }

  /** Has come back, but counts only when it is confirmed too: then both queues have it. */
  #settled(term: number, token: string): void {
    void this.#publishing.then(() => {
      if (term !== this.#term || token !== this.#awaited || this.#isStopped) return;
      this.#awaited = undefined;
      this.#proceed();
    });
  }

  /** Fires what is due, else sleeps until something is. */
  #proceed(): void {
    const now = this.#clock.now();
    const due = this.#nextDue(now);
    const isOld = now >= this.#refreshAt || now < this.#refreshAt - REFRESH_MS;
    if (due !== undefined) this.#fire(due);
    else if (isOld) this.#refresh();
    else this.#sleep(Math.min(this.#nextAt - now, this.#refreshAt - now, MAX_SLEEP_MS), () => this.#proceed());
  }

  #nextDue(now: number): number | undefined {
    const { slot: last } = (this.#held as Held).state;
    this.#due = this.#due.filter((slot) => slot > last);
    if (this.#due.length === 0 && now >= this.#nextAt) {
      this.#due = dueSlots(this.#slots, last, now, this.#parts.catchUp);
      this.#nextAt = this.#slots.next(Math.max(last, now)) ?? Infinity;
    }
    return this.#due[0];
  }

  #fire(slot: number): void {
    const { topology, encode, id } = this.#parts;
    const { body, properties } = encode(new Date(slot), `${id}@${slot}`);
    const state = { slot, isSeed: false, token: randomUUID() };
    const headers = { ...properties.headers, ...stateHeaders(state) };
    const message = {
      body,
      properties: { ...properties, headers },
      exchange: topology.exchange,
      routingKey: topology.key,
    };
    this.#publish(state, message, { isSentOnce: true });
  }

  /** The same state once more. Should it come late and twice, it is older than what is held by then, or equal. */
  #refresh(): void {
    const state = { ...(this.#held as Held).state, token: randomUUID() };
    this.#publish(state, this.#toStateQueue(state), {});
  }

  #publish({ token }: ScheduleState, message: OutgoingMessage, options: PublishOptions): void {
    const term = this.#term;
    this.#awaited = token;
    this.#refreshAt = this.#clock.now() + REFRESH_MS;
    this.#publishing = this.#parts.broker.publish(message, options).catch((error) => {
      this.#resign(term, 'not confirmed', error);
    });
    this.#sleep(RETURN_MS, () => this.#resign(term, 'did not come back'));
  }

  #toStateQueue(state: ScheduleState): OutgoingMessage {
    const { topology, encode, id } = this.#parts;
    const { body, properties } = encode(new Date(state.slot), `${id}@${state.token}`);
    const headers = { ...properties.headers, ...stateHeaders(state) };
    return { body, properties: { ...properties, headers }, exchange: '', routingKey: topology.stateQueue };
  }

  /**
   * For a state queue that is empty: ignored wherever there is a state. Repeated, ever more seldom, by whoever does not lead:
   * a seed goes under with a queue that is just being deleted, and without one a schedule would stand still.
   */
  async #seed(term: number, from: number | undefined, againMs = PAUSE_MS): Promise<void> {
    if (term !== this.#term || this.#isStopped) return;
    const { broker, topology, log } = this.#parts;
    this.#forgetSeed();
    this.#forgetSeed = this.#clock.after(againMs, () => {
      void this.#seed(term, againMs > SEED_AGAIN_MS ? undefined : from, Math.min(2 * againMs, REFRESH_MS));
    });
    if (this.#held) return;
    if (againMs > PAUSE_MS && !(await this.#isConsumed())) return this.#stoodUp(term);
    const state = { slot: from ?? this.#clock.now(), isSeed: true, token: randomUUID() };
    try {
      await broker.publish(this.#toStateQueue(state), { declarations: topology.declarations });
    } catch (error) {
      log.warn({ queue: topology.stateQueue, err: error }, 'schedule not seeded yet');
    }
  }

  /** A consumer may go under, too, with a queue that is being deleted, and nobody is told. */
  async #isConsumed(): Promise<boolean> {
    const { broker, topology } = this.#parts;
    const state = await broker.inspect(topology.stateQueue).catch(() => undefined);
    return !broker.isConnected || (state?.consumers ?? 0) > 0;
  }

  #stoodUp(term: number): void {
    if (term !== this.#term || this.#isStopped || this.#held) return;
    this.#parts.log.warn({ schedule: this.#parts.id }, 'the queue of the schedule has no consumer: consumed again');
    void this.#standAgain();
  }

  /** The broker consumes again by itself; what was held is its own once more. */
  #onLost(term: number): void {
    if (term !== this.#term || this.#isStopped) return;
    const last = this.#held?.state.slot;
    this.#forgetState();
    void this.#seed(term, last);
  }

  #resign(term: number, reason: string, error?: unknown): void {
    if (term !== this.#term || this.#isStopped || this.#awaited === undefined) return;
    this.#parts.log.warn({ schedule: this.#parts.id, reason, err: error }, 'schedule given back to its queue');
    void this.#standAgain();
  }

  async #standAgain(): Promise<void> {
    this.#term += 1;
    const term = this.#term;
    await this.#giveBack();
    while (!this.#isStopped && this.#term === term) {
      await this.#pause();
      if (this.#isStopped) return;
      try {
        await this.start();
      } catch (error) {
        this.#term = term;
        this.#parts.log.warn({ schedule: this.#parts.id, err: error }, 'schedule not consumed yet');
      }
    }
    if (this.#isStopped) await this.#giveBack(); // stopped while it began to consume
  }

  /** In one turn: the state comes back when this consumer is no candidate any more. */
  async #giveBack(): Promise<void> {
    const cancelled = this.#consumer?.cancel();
    this.#consumer = undefined;
    this.#held?.delivery.reject({ requeue: true });
    this.#forgetState();
    await cancelled;
  }

  #forgetState(): void {
    this.#held = undefined;
    this.#awaited = undefined;
    this.#due = [];
    this.#nextAt = 0;
    this.#forget();
  }

  #sleep(ms: number, wake: () => void): void {
    this.#forget();
    this.#forget = this.#clock.after(ms, wake);
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const forget = this.#clock.after(PAUSE_MS, resolve);
      this.#wakePause = () => {
        forget();
        resolve();
      };
    });
  }
}
