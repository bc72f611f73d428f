/** Imported where it runs, and nowhere else: in the processes of the pool. */
import type { User } from './tasks.js';

export class Statistics {
  #users = new Set<number>();

  count({ id }: User) {
    this.#users.add(id);
    console.log(`this process has counted ${this.#users.size}`);
  }
}
