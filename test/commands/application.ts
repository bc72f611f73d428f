/** An application in a temporary folder with this package installed, and the command run in it as a process. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.js';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const BIN = join(PACKAGE, 'dist/commands/bin.js');

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** A started command; its output grows while it runs. */
export class Running {
  out = '';
  error = '';
  readonly #child: ChildProcess;
  readonly finished: Promise<Finished>;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (text) => (this.out += text));
    child.stderr?.on('data', (text) => (this.error += text));
    this.finished = new Promise((resolve) =>
      child.once('close', (code) => resolve({ code, out: this.out, error: this.error })),
    );
  }

  /** Resolves once the output holds `text`; fails where the process ends before. */
  async says(text: string): Promise<void> {
    await until(() => {
      if (this.out.includes(text) || this.error.includes(text)) return true;
      if (this.#child.exitCode !== null) throw new Error(`Ended without "${text}":\n${this.out}${this.error}`);
      return false;
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Nobody reads its output any more. */
  stopReading(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** What Ctrl-C does: the whole group gets the signal. Only for a command that was started with `ownGroup`. */
  interrupt(): void {
    process.kill(-(this.#child.pid as number), 'SIGINT');
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.finished;
  }
}

export class Application {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'bgtasks-app-')));
  readonly #running: Running[] = [];

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(PACKAGE, join(this.folder, 'node_modules/bgtasks'));
  }

  /** Further packages that the application has installed. */
  link(...packages: readonly string[]): void {
    for (const name of packages) {
      const target = join(this.folder, 'node_modules', name);
      mkdirSync(dirname(target), { recursive: true });
      symlinkSync(join(PACKAGE, 'node_modules', name), target);
    }
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** `ownGroup`: as a terminal starts it, with a process group of its own. */
  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}, ownGroup = false): Running {
    return this.#spawn([BIN, ...args], environment, ownGroup);
  }

  /** A script of the application, as a process; `flags` are Node's own. */
  startNode(
    script: string,
    environment: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): Running {
    return this.#spawn([...flags, script], environment, false);
  }

  #spawn(args: readonly string[], environment: Readonly<Record<string, string>>, ownGroup: boolean): Running {
    const env = { ...process.env, BGTASKS_ENVIRONMENT: '', ...environment };
    const running = new Running(spawn(process.execPath, args, { cwd: this.folder, env, detached: ownGroup }));
    this.#running.push(running);
    return running;
  }

  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Finished> {
    return this.start(args, environment).finished;
  }

  /** What a script of the application prints; fails where it does. */
  node(script: string, environment: Readonly<Record<string, string>> = {}): string {
    const env = { ...process.env, BGTASKS_ENVIRONMENT: '', ...environment };
    return execFileSync(process.execPath, [script], { cwd: this.folder, env, encoding: 'utf8', stdio: 'pipe' });
  }

  async close(): Promise<void> {
    for (const running of this.#running) await running.close();
    rmSync(this.folder, { recursive: true });
  }
}
