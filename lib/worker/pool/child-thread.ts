/** A child that is a thread: quick to start, but what kills a process (`process.abort`, native code) kills all. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import type { Launch } from './child.js';
import type { FromChild } from './messages.js';

/** `maxMemoryMb`: V8 ends the thread whose heap grows beyond it. */
export function startThread(entry: URL, maxMemoryMb: number | undefined): Launch {
  return ({ onMessage, onEnd }) => {
    const thread = new Worker(entry, {
      ...(maxMemoryMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb } }),
    });
    const name = `thread ${thread.threadId}`;
    let how: string | undefined;
    thread.on('message', (message: FromChild) => onMessage(message));
    thread.on('error', (error) => {
      how = messageOf(error);
    });
    thread.once('exit', (code) => onEnd(how ?? `exit code ${code}`));
    return { name, send: (message) => thread.postMessage(message), kill: () => void thread.terminate() };
  };
}
