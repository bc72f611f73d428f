/**
 * The runs of handlers, counted by route and told to the observer, where there is one.
 *
 * Counts are kept in any case: `bgtasks status` asks for them, and they cost two additions a run.
 */
import type { Delivery } from '../broker/broker.js';
import type { Activity, Ended, MessageSource, Observer } from '../monitoring/observer.js';
import type { RequestInfo } from '../protocols/protocol.js';
import type { TaskDefinition, TaskKind } from '../tasks/task.js';

export interface RunCounts {
  /** Now. */
  running: number;
  /** Since the start, whatever came of them. */
  ended: number;
  /** Of these, those that threw or were refused. */
  failed: number;
}

/** What is known of a delivery, beside its task. */
export interface RunInfo extends Pick<RequestInfo, 'messageId' | 'correlationId' | 'caller'> {
  readonly attempt?: number;
}

/** Without an observer one for all of a route. */
export class Run {
  readonly #counts: RunCounts;
  readonly #activity: Activity | undefined;

  constructor(counts: RunCounts, activity?: Activity) {
    this.#counts = counts;
    this.#activity = activity;
  }

  /** Runs what belongs to it. */
  around<T>(work: () => T): T {
    return this.#activity ? this.#activity.run(work) : work();
  }

  end(outcome: Ended): void {
    this.#counts.running -= 1;
    this.#counts.ended += 1;
    if ('error' in outcome) this.#counts.failed += 1;
    this.#activity?.end(outcome);
  }
}

export class Runs {
  readonly #observer: Observer | undefined;
  readonly #routes = new Map<string, { readonly counts: RunCounts; readonly unobserved: Run }>();

  constructor(observer?: Observer | undefined) {
    this.#observer = observer;
  }

  get counts(): ReadonlyMap<string, Readonly<RunCounts>> {
    return new Map([...this.#routes].map(([route, { counts }]) => [route, counts]));
  }

  /** A delivery has come; its handler may have to wait. */
  arrived(delivery: Delivery): void {
    if (this.#observer) delivery.arrivedAt = performance.now();
  }

  /** Followed by one `end`. `delivery` is left out for what came by no broker. */
  begin({ kind, route }: TaskDefinition, info: RunInfo, delivery?: Delivery, queue?: string): Run {
    const { counts, unobserved } = this.#of(route);
    counts.running += 1;
    if (!this.#observer) return unobserved;
    const { messageId, correlationId, caller, attempt = 1 } = info;
    const now = performance.now();
    const waitMs = now - (delivery?.arrivedAt ?? now);
    const source = delivery && sourceOf(delivery, queue);
    const facts = { kind, route, messageId, correlationId, attempt, waitMs, caller, source };
    return new Run(counts, this.#observer.handle(facts));
  }

  retried(kind: TaskKind, route: string): void {
    this.#observer?.retry(kind, route);
  }

  failedForGood(kind: TaskKind, route: string): void {
    this.#observer?.deadLetter(kind, route);
  }

  #of(route: string) {
    let found = this.#routes.get(route);
    if (!found) {
      const counts = { running: 0, ended: 0, failed: 0 };
      found = { counts, unobserved: new Run(counts) };
      this.#routes.set(route, found);
    }
    return found;
  }
}

function sourceOf({ exchange, routingKey, body }: Delivery, queue: string | undefined): MessageSource {
  return { exchange, routingKey, queue, bytes: body.length };
}
