/** Jobs that wait for a test to run them. */
import type { Delivery } from '../broker/broker.js';

export class Hold {
  isOn = false;
  readonly #held: { readonly delivery: Delivery; readonly start: () => void }[] = [];

  enter(delivery: Delivery, start: () => void): void {
    if (this.isOn) this.#held.push({ delivery, start });
    else start();
  }

  /** Starts what is held; what comes while `isOn` is held again. */
  release(): void {
    for (const { start } of this.#held.splice(0)) start();
  }

  /** As if they had never been. */
  drop(): void {
    for (const { delivery } of this.#held.splice(0)) delivery.ack();
  }
}
