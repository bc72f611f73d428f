/** At most `limit` runs at once; the others wait in line, the urgent ones in front. */
export class Gate {
  readonly #limit: number;
  readonly #urgent: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #isOpen = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  /** Calls `start` now or when there is room. Each start is followed by one `leave`. */
  enter(start: () => void, isUrgent = false): void {
    if (this.#running >= this.#limit && !this.#isOpen) {
      (isUrgent ? this.#urgent : this.#waiting).push(start);
      return;
    }
    this.#running += 1;
    start();
  }

  leave(): void {
    const next = this.#urgent.shift() ?? this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }

  /** Lets everybody in from now on: at the end of a worker, what waits is only given back. */
  open(): void {
    this.#isOpen = true;
    for (const start of [...this.#urgent.splice(0), ...this.#waiting.splice(0)]) this.enter(start);
  }
}
