/**
 * No child outlives its parent, however that one ends.
 *
 * Shape:  the channel closes, and an idle child ends at once. One whose handler never leaves the processor does not hear
 *         of it: a thread beside it looks every second whether the parent is still there. Signals that reach the whole
 *         group (Ctrl-C) are the parent's: it lets handlers finish, then tells its children.
 */
import { Worker } from 'node:worker_threads';

const WATCH = `
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);
`;

export function endWithParent(): void {
  process.once('disconnect', () => process.exit(1));
  process.on('SIGINT', () => {}).on('SIGTERM', () => {});
  const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 };
  new Worker(WATCH, { eval: true, execArgv: [], env: {}, resourceLimits }).unref();
}
