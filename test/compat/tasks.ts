/** Targets that are named by a path. */
import { threadId } from 'node:worker_threads';
import { inject, publisher } from 'bgtasks';

export const imported = { times: 0 };
imported.times += 1;

export function where(...args: readonly unknown[]) {
  return { args, pid: process.pid, threadId };
}

export class Counter {
  #count = 0;

  call(step: number) {
    this.#count += step;
    return this.#count;
  }

  reset() {
    this.#count = 0;
    return this.#count;
  }
}

export class Injected {
  publish = inject(publisher());

  call() {
    return this.publish;
  }
}

export const number = 7;
