/** A child that is a process: it can be killed, takes its own memory, and ends alone. */
import { fork } from 'node:child_process';
import type { Launch } from './child.js';
import type { FromChild } from './messages.js';

/** What belongs to the parent alone: a port of its debugger, its profile, its watching of files. */
const OF_THE_PARENT = /^--(inspect|watch|cpu-prof|heap-prof|prof$|debug-port)/;

/** Without those flags, nor the value that may stand behind one: it would be taken for the program. */
function flagsForChild(flags: readonly string[]): string[] {
  return flags.filter((flag, index) => {
    const owner = flag.startsWith('-') ? flag : (flags[index - 1] ?? '');
    return !OF_THE_PARENT.test(owner);
  });
}

export function forkChild(entry: URL): Launch {
  return ({ onMessage, onEnd }) => {
    const child = fork(entry, {
      serialization: 'advanced', // structured clones
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: flagsForChild(process.execArgv),
    });
    const { pid } = child;
    child.on('message', (message) => onMessage(message as unknown as FromChild));
    // Its last messages may come after its end: the channel closes behind them.
    let how = '';
    let isOpen = true;
    const end = () => {
      if (how !== '' && !isOpen) onEnd(how);
    };
    child.once('disconnect', () => {
      isOpen = false;
      end();
    });
    child.once('exit', (code, signal) => {
      how = signal ?? `exit code ${code}`;
      isOpen &&= child.connected;
      end();
    });
    child.on('error', (error) => {
      if (pid === undefined) onEnd(error.message); // could not be started; else its exit follows
    });
    return {
      name: `process ${pid}`,
      send: (message) => void (child.connected && child.send(message)),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
