/**
 * One deadline for what goes out bit by bit: the waves of a response, which together take no longer than its most patient
 * field is willing to wait, and the requests of one group.
 *
 * Shape:  starts with the first wave, so that this one gets what its fields say, to the millisecond. The deadline of the
 *         handler or view that is running counts besides; calls see to that one themselves.
 * Units:  milliseconds; undefined leaves it to the service.
 * Errors: `RpcTimeoutError` where nothing is left.
 */
import { RpcTimeoutError } from '../../lib/errors.js';

export class Deadline {
  readonly #now: () => number;
  #startedAt: number | undefined;
  #spentMs = 0;
  #patienceMs = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What goes out now has what is left of the response; the first wave has all of it. */
  startWave(): void {
    if (this.#startedAt === undefined) this.#startedAt = this.#now();
    else this.#spentMs = this.#now() - this.#startedAt;
  }

  /** What a request may take that would have `timeoutMs`, else `rpcTimeoutMs`, if it were alone. */
  limit(route: string, timeoutMs: number | undefined, rpcTimeoutMs: number | undefined): number | undefined {
    this.#patienceMs = Math.max(this.#patienceMs, timeoutMs ?? rpcTimeoutMs ?? Number.POSITIVE_INFINITY);
    if (this.#spentMs === 0 || this.#patienceMs === Number.POSITIVE_INFINITY) return timeoutMs;
    const leftMs = Math.ceil(this.#patienceMs - this.#spentMs);
    if (leftMs <= 0) throw new RpcTimeoutError(route, this.#patienceMs);
    return Math.min(timeoutMs ?? leftMs, leftMs);
  }
}
