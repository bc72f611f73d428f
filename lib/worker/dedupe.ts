/**
 * Ids of one task that are done, so that a second message with one of them is not run again.
 *
 * Shape:  only success counts: what failed may run again, be it a retry, a redelivery or a second message. What comes while
 *         its id runs waits for the end of that run.
 * Bounds: the newest `MAX_IDS` ids, in this process.
 */
const MAX_IDS = 10_000;

export class Dedupe {
  readonly #max: number;
  /** In the order of insertion. */
  readonly #done = new Set<string>();
  readonly #running = new Map<string, Promise<boolean>>();

  constructor(max = MAX_IDS) {
    this.#max = max;
  }

  /** `run` tells whether it went well. False, without a run, where the id is done. */
  async once(id: string, run: () => Promise<boolean>): Promise<boolean> {
    for (let other = this.#running.get(id); other; other = this.#running.get(id)) await other.catch(() => {});
    if (this.#done.has(id)) return false;
    const running = run();
    this.#running.set(id, running);
    try {
      if (await running) this.#remember(id);
    } finally {
      this.#running.delete(id);
    }
    return true;
  }

  #remember(id: string): void {
    this.#done.add(id);
    if (this.#done.size <= this.#max) return;
    for (const oldest of this.#done) {
      this.#done.delete(oldest);
      return;
    }
  }
}
