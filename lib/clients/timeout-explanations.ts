/**
 * What a caller can know of calls that got no answer in time: whether they could be sent at all, and whether anybody
 * serves their queue.
 *
 * Bounds: an explanation takes at most 100 ms. A queue is asked for seldom, and once for all the calls of a route: a
 *         service that hangs lets many end in one instant, and asking renews the lease of the queue (`x-expires`), which
 *         is what tells of a service that is gone for good. What is true of the connection is never kept.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.js';
import type { TimeoutFacts } from '../errors.js';

/** The rejection of the call waits no longer for it. */
const WITHIN_MS = 100;
/** Longer than the lease of a queue, 300 s. */
const ASK_EVERY_MS = 600_000;
/** Of a queue that is consumed, which needs no lease: its consumers may go. */
const ASK_CONSUMED_EVERY_MS = 1000;

interface Answer {
  readonly queue: string;
  readonly askedAt: number;
  keptMs: number;
  /** Undefined where nothing could be found out in time. */
  readonly facts: Promise<TimeoutFacts | undefined>;
}

export class TimeoutExplanations {
  readonly #broker: Broker;
  /** By route. */
  readonly #answers = new Map<string, Answer>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Never rejects. */
  async explain(route: string, queue: string): Promise<TimeoutFacts | undefined> {
    const { blockedBy, isConnected } = this.#broker;
    if (blockedBy !== undefined) return { blockedBy };
    if (!isConnected) return { isDisconnected: true };
    const known = this.#answers.get(route);
    if (known?.queue === queue && performance.now() - known.askedAt < known.keptMs) return known.facts;
    const facts = this.#ask(queue);
    const answer: Answer = { queue, askedAt: performance.now(), keptMs: ASK_EVERY_MS, facts };
    this.#answers.set(route, answer);
    const found = await facts;
    if (found === undefined) this.forget(route);
    else if (found.consumers) answer.keptMs = ASK_CONSUMED_EVERY_MS;
    return found;
  }

  /** Its queue is asked for at the next timeout again. */
  forget(route: string): void {
    this.#answers.delete(route);
  }

  #ask(queue: string): Promise<TimeoutFacts | undefined> {
    const timer = new AbortController();
    const inspected = this.#broker.inspect(queue).then(
      (state) => ({ consumers: state?.consumers, messages: state?.messages }),
      () => undefined,
    );
    const late = sleep(WITHIN_MS, undefined, { signal: timer.signal }).catch(() => undefined);
    return Promise.race([inspected, late]).finally(() => timer.abort());
  }
}
