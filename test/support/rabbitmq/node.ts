/**
 * A RabbitMQ node that belongs to the tests: started, killed, restarted with its data, stopped without a trace.
 *
 * Shape:  a `Launch` says how one kind of node is run; `RabbitNode` runs it.
 * Errors: `start` and `restart` reject with the node's output and the end of its log.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { ErlangConsole } from './console.js';

/** How to run a node. The same launch, run again, gives the node with the same data on the same port. */
export interface Launch {
  /** Where the server comes from, for a log line. */
  readonly description: string;
  readonly port: number;
  /** Its name among Erlang nodes. */
  readonly nodeName: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Working folder of the node. */
  readonly cwd?: string;
  readonly logFile?: string;
  readonly startTimeoutMs: number;
  /** Ends the node at once, as a power cut would; its data stays. */
  kill(child: ChildProcess): void;
  /** Removes what is left on disk after the node has ended. */
  cleanUp(): Promise<void>;
}

export class RabbitNode {
  readonly url: string;
  readonly description: string;
  readonly #launch: Launch;
  #child: ChildProcess;
  #console: ErlangConsole;
  #version = '';

  private constructor(launch: Launch) {
    this.#launch = launch;
    this.url = `amqp://guest:guest@127.0.0.1:${launch.port}`;
    this.description = launch.description;
    [this.#child, this.#console] = run(launch);
  }

  static async start(launch: Launch): Promise<RabbitNode> {
    const node = new RabbitNode(launch);
    await node.#booted();
    return node;
  }

  get version(): string {
    return this.#version;
  }

  /** Its name among Erlang nodes. */
  get name(): string {
    return this.#launch.nodeName;
  }

  /** Of the node, or of the Docker client that runs it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Erlang expressions, within the node; what an operator does is in `operator.ts`. */
  evaluate(expressions: string, timeoutMs?: number): Promise<string> {
    return this.#console.evaluate(expressions, timeoutMs);
  }

  /**
   * Ends the node at once, as a power cut would, but with its declarations written first: of RabbitMQ 3.10.8 killed within
   * milliseconds of one, about 1 in 60 came back without the queue, and within a few seconds of declaring a quorum queue,
   * without its confirmed messages (its place in Ra's directory is written late). A test must not hang on that.
   */
  async kill(): Promise<void> {
    // A node that has ended, or keeps no such log (Khepri), has nothing to work in.
    await this.evaluate('catch mnesia:dump_log(), [dets:sync(Table) || Table <- dets:all()]').catch(() => {});
    await this.#end();
  }

  /** Kills the node if it runs, and brings it up again with its data. */
  async restart(): Promise<void> {
    await this.kill();
    [this.#child, this.#console] = run(this.#launch);
    await this.#booted();
  }

  /** The way of a node whose test process was killed, so that way is walked in every run. Twice is harmless. */
  async stop(): Promise<void> {
    this.#console.hangUp();
    if (!(await this.#console.ends())) await this.#end();
    await this.#launch.cleanUp();
  }

  async #end(): Promise<void> {
    this.#launch.kill(this.#child);
    if (!(await this.#console.ends())) throw new Error(`RabbitMQ (process ${this.pid}) outlived SIGKILL.`);
  }

  async #booted(): Promise<void> {
    try {
      const version = 'rabbit:await_startup(), rabbit_misc:version()';
      this.#version = JSON.parse(await this.#console.evaluate(version, this.#launch.startTimeoutMs)) as string;
    } catch (error) {
      const log = await endOf(this.#launch.logFile);
      await this.stop();
      const reason = `RabbitMQ (${this.description}) did not start: ${(error as Error).message}`;
      throw new Error([reason, ...this.#console.output, ...log].join('\n'), { cause: error });
    }
  }
}

function run(launch: Launch): [ChildProcess, ErlangConsole] {
  const { command, args, env, cwd } = launch;
  // In a process group of its own: Ctrl-C reaches everything in the terminal's group, and would kill the node before the test that uses it.
  const child = spawn(command, args, { detached: true, stdio: 'pipe', env, ...(cwd ? { cwd } : {}) });
  return [child, new ErlangConsole(child)];
}

async function endOf(file: string | undefined): Promise<string[]> {
  const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').slice(-40);
}
