/**
 * Calls that wait for an answer, keyed by correlation id. Bookkeeping only: no broker here.
 *
 * Shape:  `open` gives one promise per call; the answer, a failure, the timer or the caller's signal settles it once.
 * Units:  `timeoutMs` is milliseconds, counted from `open`.
 * Errors: rejects with `RpcTimeoutError`, `CallAbortedError`, or what `fail` and `failAll` are given.
 */
import { CallAbortedError, RpcTimeoutError, type TimeoutFacts } from '../errors.js';

/** What must be known of a call to open it. */
export interface PendingCall {
  readonly id: string;
  readonly route: string;
  readonly timeoutMs: number;
}

export interface PendingCallsOptions<C> {
  /** What may be known of a timeout. It delays the rejection, so it must come soon; it never rejects. */
  explain?(call: C): Promise<TimeoutFacts | undefined>;
  /** The caller's signal has ended the wait. */
  onAbort?(call: C): void;
}

interface Waiting<C> {
  readonly call: C;
  readonly timer: NodeJS.Timeout;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Where a call stands, emptied when it is settled. A `Map` that has grown or shrunk keeps its old table linked to the new
 * one (V8), so that what was in both lives until the next full collection: the answers of calls that were out together.
 */
interface Place<C> {
  waiting: Waiting<C> | undefined;
}

/** The calls of one signal: with a listener each, Node would warn of a leak from the eleventh on. */
interface Listening {
  readonly ids: Set<string>;
  readonly onAbort: () => void;
}

export class PendingCalls<C extends PendingCall = PendingCall> {
  readonly #options: PendingCallsOptions<C>;
  readonly #places = new Map<string, Place<C>>();
  readonly #listening = new Map<AbortSignal, Listening>();

  constructor(options: PendingCallsOptions<C> = {}) {
    this.#options = options;
  }

  get size(): number {
    return this.#places.size;
  }

  get calls(): readonly C[] {
    return Array.from(this.#places.values(), ({ waiting }) => waiting?.call).filter((call) => call !== undefined);
  }

  get(id: string): C | undefined {
    return this.#places.get(id)?.waiting?.call;
  }

  /** Open before publishing: a fast reply must find its call. */
  open(call: C, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(aborted(call, signal));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => void this.#timeOut(call.id), call.timeoutMs);
      this.#places.set(call.id, { waiting: { call, timer, signal, resolve, reject } });
      if (signal) this.#listen(call.id, signal);
    });
  }

  /** False where nobody waits for this id: a late or foreign reply. */
  resolve(id: string, value: unknown): boolean {
    const waiting = this.#take(id);
    waiting?.resolve(value);
    return waiting !== undefined;
  }

  fail(id: string, error: Error): boolean {
    const waiting = this.#take(id);
    waiting?.reject(error);
    return waiting !== undefined;
  }

  failAll(errorOf: (call: C) => Error): void {
    for (const call of this.calls) this.fail(call.id, errorOf(call));
  }

  /** What the timer does, at once and without an explanation. */
  expire(id: string): void {
    const waiting = this.#take(id);
    if (waiting) waiting.reject(new RpcTimeoutError(waiting.call.route, waiting.call.timeoutMs));
  }

  async #timeOut(id: string): Promise<void> {
    const waiting = this.#take(id);
    if (!waiting) return;
    const { call, reject } = waiting;
    reject(new RpcTimeoutError(call.route, call.timeoutMs, await this.#options.explain?.(call)));
  }

  #listen(id: string, signal: AbortSignal): void {
    let listening = this.#listening.get(signal);
    if (!listening) {
      const ids = new Set<string>();
      listening = { ids, onAbort: () => this.#abort(ids, signal) };
      this.#listening.set(signal, listening);
      signal.addEventListener('abort', listening.onAbort, { once: true });
    }
    listening.ids.add(id);
  }

  #abort(ids: ReadonlySet<string>, signal: AbortSignal): void {
    for (const id of [...ids]) {
      const waiting = this.#take(id);
      if (!waiting) continue;
      waiting.reject(aborted(waiting.call, signal));
      this.#options.onAbort?.(waiting.call);
    }
  }

  #take(id: string): Waiting<C> | undefined {
    const place = this.#places.get(id);
    const waiting = place?.waiting;
    if (!place || !waiting) return undefined;
    this.#places.delete(id);
    place.waiting = undefined;
    clearTimeout(waiting.timer);
    if (waiting.signal) this.#stopListening(id, waiting.signal);
    return waiting;
  }

  #stopListening(id: string, signal: AbortSignal): void {
    const listening = this.#listening.get(signal);
    listening?.ids.delete(id);
    if (!listening || listening.ids.size > 0) return;
    this.#listening.delete(signal);
    signal.removeEventListener('abort', listening.onAbort);
  }
}

function aborted({ route }: PendingCall, signal: AbortSignal): CallAbortedError {
  return new CallAbortedError(route, { cause: signal.reason });
}
