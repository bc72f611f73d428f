/**
 * Results and progress of jobs that this process enqueued with `result: true`.
 *
 * Shape:  one queue per process, opened by the first such job. `follow` before publishing: a fast result must find its job.
 * Bounds: at most `MAX_FOLLOWED` jobs without a result are followed; of more, the oldest is given up.
 */
import { randomUUID } from 'node:crypto';
import type { Broker, Delivery } from '../broker/broker.js';
import { BgTasksError, messageOf, preview, RemoteError, ServiceStoppingError } from '../errors.js';
import type { Logger } from '../logger.js';
import { decodeJobReply } from '../protocols/job-reply.js';
import type { JsonNumbers } from '../protocols/json-numbers.js';
import type { Outcome } from '../protocols/protocol.js';
import type { ResultOptions } from '../tasks/job.js';
import { repliesQueue } from '../topology/job-replies.js';
import { PendingCalls } from './pending-calls.js';

const MAX_FOLLOWED = 100_000;
const PREFETCH = 100;
/** A Node timer takes no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export interface JobRepliesOptions {
  readonly broker: Broker;
  readonly maxBodyBytes: number;
  readonly json?: JsonNumbers | undefined;
  readonly rpcTimeoutMs: number;
  readonly log: Logger;
}

/** What is known of one job. */
export interface FollowedJob {
  result(options?: ResultOptions): Promise<unknown>;
  onProgress(listener: (value: unknown) => void): () => void;
}

export class JobReplies {
  readonly #options: JobRepliesOptions;
  readonly #queue = repliesQueue(randomUUID());
  readonly #followed = new Map<string, Followed>();
  readonly #pending = new PendingCalls();
  readonly #max: number;
  #opening: Promise<string> | undefined;

  constructor(options: JobRepliesOptions, max = MAX_FOLLOWED) {
    this.#options = options;
    this.#max = max;
  }

  /** The queue for `reply_to`. */
  open(): Promise<string> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /**
   * A second job of one route and id is the same job. `forget` is for what was not enqueued: it leaves a job alone that
   * was followed before.
   */
  follow(id: string, route: string): { readonly job: FollowedJob; forget(): void } {
    const { rpcTimeoutMs, log } = this.#options;
    const known = this.#followed.get(id);
    if (known && known.route !== route) throw alreadyFollowed(id, known.route, route);
    if (known) return { job: known, forget: () => {} };
    const job = new Followed(route, this.#pending, rpcTimeoutMs, log);
    this.#followed.set(id, job);
    if (this.#followed.size > this.#max) this.#giveUpOldest();
    return { job, forget: () => void this.#followed.delete(id) };
  }

  close(): void {
    for (const job of this.#followed.values()) job.giveUp();
    this.#followed.clear();
  }

  async #open(): Promise<string> {
    const { name } = this.#queue;
    await this.#options.broker.consume({
      queue: name,
      declarations: [{ queue: this.#queue }],
      prefetch: PREFETCH,
      onDelivery: (delivery) => {
        this.#read(delivery);
        delivery.ack();
      },
    });
    return name;
  }

  #read(delivery: Delivery): void {
    const { log, maxBodyBytes, json } = this.#options;
    try {
      const { id, ...reply } = decodeJobReply(delivery, maxBodyBytes, json);
      const job = this.#followed.get(id);
      if (!job) log.debug({ messageId: id }, 'result dropped: nobody waits for it any more');
      else if (!reply.outcome) job.tell(reply.progress);
      else {
        this.#followed.delete(id);
        job.settle(reply.outcome);
      }
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'result or progress of a job could not be read');
    }
  }

  #giveUpOldest(): void {
    for (const [id, job] of this.#followed) {
      this.#followed.delete(id);
      const message = `Given up: more than ${this.#max} jobs wait for their results. Ask for fewer with "result: true".`;
      job.settle({ error: { code: 'USAGE', message } });
      return;
    }
  }
}

/** Results travel under the id alone. */
function alreadyFollowed(id: string, first: string, second: string): BgTasksError {
  const message =
    `Enqueuing "${second}": the result of "${first}" is waited for under the same "messageId", ${preview(id)}. ` +
    'Give each an id of its own, or wait for the first one.';
  return new BgTasksError('USAGE', message, { route: second, id });
}

class Followed implements FollowedJob {
  readonly route: string;
  readonly #pending: PendingCalls;
  readonly #rpcTimeoutMs: number;
  readonly #log: Logger;
  readonly #waiting = new Set<string>();
  readonly #listeners = new Set<(value: unknown) => void>();
  #outcome: Outcome | undefined;
  #progress: { readonly value: unknown } | undefined;
  /** Its service was closed: no result can come. */
  #isGivenUp = false;

  constructor(route: string, pending: PendingCalls, rpcTimeoutMs: number, log: Logger) {
    this.route = route;
    this.#pending = pending;
    this.#rpcTimeoutMs = rpcTimeoutMs;
    this.#log = log;
  }

  async result({ timeoutMs = this.#rpcTimeoutMs, signal }: ResultOptions = {}): Promise<unknown> {
    if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
      const allowed = `milliseconds above 0 and at most ${MAX_TIMEOUT_MS}`;
      throw new BgTasksError('USAGE', `"timeoutMs" of a result must be ${allowed}, not ${preview(timeoutMs)}.`);
    }
    if (this.#outcome) return this.#unpack(this.#outcome);
    if (this.#isGivenUp) throw this.#stopping();
    const id = randomUUID();
    this.#waiting.add(id);
    const outcome = this.#pending
      .open({ id, route: this.route, timeoutMs }, signal)
      .finally(() => this.#waiting.delete(id));
    return this.#unpack((await outcome) as Outcome);
  }

  onProgress(listener: (value: unknown) => void): () => void {
    // An own function, so that each of two equal listeners has its own end.
    const own = (value: unknown) => listener(value);
    this.#listeners.add(own);
    if (this.#progress) this.#call(own, this.#progress.value);
    return () => this.#listeners.delete(own);
  }

  tell(value: unknown): void {
    this.#progress = { value };
    for (const listener of this.#listeners) this.#call(listener, value);
  }

  settle(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#listeners.clear();
    for (const id of this.#waiting) this.#pending.resolve(id, outcome);
  }

  giveUp(): void {
    this.#isGivenUp = true;
    for (const id of [...this.#waiting]) this.#pending.fail(id, this.#stopping());
  }

  #stopping(): ServiceStoppingError {
    return new ServiceStoppingError(`the result of "${this.route}" is not waited for any more`);
  }

  #call(listener: (value: unknown) => void, value: unknown): void {
    try {
      listener(value);
    } catch (error) {
      this.#log.error({ route: this.route, err: error }, 'a listener of progress threw');
    }
  }

  #unpack(outcome: Outcome): unknown {
    if (outcome.error) throw new RemoteError(this.route, outcome.error);
    return outcome.value;
  }
}
