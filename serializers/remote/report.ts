/**
 * What one response has asked for: written while it is made, read by `explain` and by the log.
 *
 * Units: milliseconds.
 */

/** One request. */
export interface CallReport {
  readonly keys: number;
  readonly ms: number;
  /** The code of the error that it failed with. */
  readonly error?: string;
}

/** What a wave asked of one route, in one form. */
export interface RouteReport {
  readonly route: string;
  /** Distinct keys. */
  readonly keys: number;
  /** The requests that these keys are parted into, if none of them is cached. */
  readonly chunks: number;
  /** The requests that were made, in the order of their answers; none where a cache or another response had asked. */
  readonly calls: readonly CallReport[];
}

/** What went out together. */
export interface WaveReport {
  readonly routes: readonly RouteReport[];
}

export class Report {
  readonly #startedAt = performance.now();
  readonly waves: WaveReport[] = [];
  /** From the start of the response to the last slot; undefined before. */
  ms: number | undefined;

  finish(): void {
    this.ms = performance.now() - this.#startedAt;
  }

  /** `2 calls in 2 waves, 14 ms`. */
  toString(): string {
    const calls = this.waves.flatMap(({ routes }) => routes).reduce((sum, route) => sum + route.calls.length, 0);
    return `${calls} calls in ${this.waves.length} waves, ${Math.round(this.ms ?? 0)} ms`;
  }
}
