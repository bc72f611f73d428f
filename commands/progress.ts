/** How far long work has come: a line on standard error that is written over, and nothing where that is no terminal. */
import type { Output } from './output.js';

const WIDTH = 30;
const PAUSE_MS = 100;

export interface Progress {
  readonly done: number;
  step(): void;
  /** Takes the line away. */
  end(): void;
}

export function progress(output: Output, total: number, now: () => number = Date.now): Progress {
  let done = 0;
  let shownAt = now();
  let isShown = false;
  const show = () => {
    const filled = Math.floor((done / total) * WIDTH);
    output.error(`\r${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)} ${done} of ${total}`);
    shownAt = now();
    isShown = true;
  };
  return {
    get done() {
      return done;
    },
    step() {
      done += 1;
      if (output.isTerminal && now() - shownAt >= PAUSE_MS) show();
    },
    end() {
      if (isShown) output.error('\r\x1b[K');
    },
  };
}
