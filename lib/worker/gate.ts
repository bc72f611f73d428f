/** At most `limit` runs at once; the others wait in line. */
export class Gate {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  /** Calls `start` now or when there is room. Each start is followed by one `leave`. */
  enter(start: () => void): void {
    if (this.#running >= this.#limit) {
      this.#waiting.push(start);
      return;
    }
    this.#running += 1;
    start();
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}
