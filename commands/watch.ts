/** `--watch`: Node's own watch mode runs the command again when a module that it loaded changes. */
import { spawn } from 'node:child_process';
import { EXIT } from './exit.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Runs until the child ends; its exit code. Signals are handed on, so that it drains. */
export function watch(argv: readonly string[]): Promise<number> {
  const args = argv.slice(1).filter((argument) => argument !== '--watch');
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', ...args], {
    stdio: 'inherit',
    detached: true, // Ctrl-C reaches a whole group: the child must get the signal once, as a second one means "at once"
  });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    // One that was handed on ends it as asked; any other, as where memory is short, does not.
    const codeOf = (signal: NodeJS.Signals | null) => (SIGNALS.some((own) => own === signal) ? EXIT.done : EXIT.failed);
    child.once('exit', (code, signal) => resolve(code ?? codeOf(signal)));
  });
}
