/** What the children of a pool run, process and thread alike: it loads the modules, then does what it is told. */
import { parentPort } from 'node:worker_threads';
import { loadModules } from '../loader/load-modules.js';
import type { FromChild, ToChild } from '../worker/pool/messages.js';
import { toWire } from '../worker/pool/wire-error.js';
import { becomeChild } from './child-host.js';
import { ChildTasks } from './child-tasks.js';
import { endWithParent } from './end-with-parent.js';
import { Runner } from './runner.js';

const tasks = new ChildTasks();
const send = (message: FromChild) => void (parentPort ? parentPort.postMessage(message) : process.send?.(message));
const runner = new Runner(tasks, send);
becomeChild(tasks);
if (!parentPort) endWithParent();
(parentPort ?? process).on('message', (message: ToChild) => void take(message));

async function take(message: ToChild): Promise<void> {
  switch (message.type) {
    case 'load':
      return load(message.modules);
    case 'run':
      return runner.run(message);
    case 'abort':
      return runner.abort(message.id, message.reason);
    case 'stop':
      await tasks.close();
      process.exit(0);
  }
}

async function load(modules: readonly string[]): Promise<void> {
  try {
    await loadModules(modules);
    send({ type: 'ready', routes: tasks.routes });
  } catch (error) {
    send({ type: 'unloadable', error: toWire(error) });
  }
}
