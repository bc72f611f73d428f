/** A program of ours in Python, as a process: `next` is its next line of output, `say` a line of its input. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { autoClose } from '../support/auto-close.js';
import { rabbitUrl } from '../support/rabbitmq.js';

const FOLDER = fileURLToPath(new URL('../../../test/interop/', import.meta.url));

export interface Peer {
  next(): Promise<string>;
  say(line: string): void;
  /** One line in, one line of JSON out. */
  ask(line: string): Promise<unknown>;
  readonly isAlive: boolean;
}

export function startPeer(python: string, program: string, ...args: readonly string[]): Peer {
  const child: ChildProcess = spawn(python, [`${FOLDER}${program}`, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  autoClose({
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  });
  if (!child.stdout) throw new Error('no output');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value ?? 'ended';
  const say = (line: string) => void child.stdin?.write(`${line}\n`);
  const ask = async (line: string): Promise<unknown> => {
    say(line);
    return JSON.parse(await next());
  };
  return {
    next,
    say,
    ask,
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
  };
}

export { rabbitUrl };
