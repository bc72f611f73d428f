/**
 * UUIDs of version 7 (RFC 9562, section 5.7): later ones sort behind earlier ones. Those of one outbox keep their order even
 * within a millisecond and when the clock goes back; between outboxes the clocks decide.
 *
 * Why not a generated number: TypeORM has no 64-bit one that is the same column on PostgreSQL and SQLite.
 */
import { randomBytes } from 'node:crypto';

/** Of `rand_a`, 12 bits, which counts within a millisecond. */
const COUNTER_END = 0x1000;

export class OrderedIds {
  #lastMs = 0;
  #counter = 0;

  next(now = Date.now()): string {
    this.#tick(now);
    const time = this.#lastMs.toString(16).padStart(12, '0');
    const count = this.#counter.toString(16).padStart(3, '0');
    const random = randomBytes(8);
    random[0] = ((random[0] as number) & 0x3f) | 0x80; // the variant
    const tail = random.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  }

  #tick(now: number): void {
    const isLater = now > this.#lastMs;
    this.#counter = isLater ? 0 : this.#counter + 1;
    if (isLater) this.#lastMs = now;
    if (this.#counter < COUNTER_END) return;
    this.#lastMs += 1;
    this.#counter = 0;
  }
}
