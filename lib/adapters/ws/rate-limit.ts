/** Counts messages by the second; `onChange` says when there are too many, and when the next second has come. */
const SECOND_MS = 1000;

export class RateLimit {
  readonly #most: number;
  readonly #onChange: (isOver: boolean) => void;
  #count = 0;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(mostPerSecond: number, onChange: (isOver: boolean) => void) {
    this.#most = mostPerSecond;
    this.#onChange = onChange;
  }

  count(now = performance.now()): void {
    if (now - this.#startedAt >= SECOND_MS) {
      this.#startedAt = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count < this.#most || this.#timer) return;
    this.#onChange(true);
    this.#timer = setTimeout(() => this.#nextSecond(), this.#startedAt + SECOND_MS - now);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #nextSecond(): void {
    this.#timer = undefined;
    this.#count = 0;
    this.#startedAt = performance.now();
    this.#onChange(false);
  }
}
