/** A process of a peer, as the bench sees it: one question at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FoundPeer } from './find-peers.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

export class PeerProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** `BENCH_PROFILE=folder` leaves a CPU profile of each process there. */
  static async start({ file, peer }: FoundPeer, url: string, role: string): Promise<PeerProcess> {
    const folder = process.env.BENCH_PROFILE;
    const profile = folder
      ? ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${peer.id}-${role}-${Date.now()}.cpuprofile`]
      : [];
    const child = fork(CHILD, [file, peer.id, url], { execArgv: profile });
    const started = new PeerProcess(child);
    await started.#answer();
    return started;
  }

  async ask<T = void>(action: string, ...args: readonly unknown[]): Promise<T> {
    this.#child.send({ action, args });
    return (await this.#answer()) as T;
  }

  /** Microseconds of CPU time since the process began. */
  async cpu(): Promise<number> {
    const { user, system } = await this.ask<NodeJS.CpuUsage>('cpu');
    return user + system;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  async #answer(): Promise<unknown> {
    const ending = new AbortController();
    const { signal } = ending;
    try {
      const ended = once(this.#child, 'exit', { signal }).then(([code]) => ({ error: `The process ended: ${code}.` }));
      const told = once(this.#child, 'message', { signal }).then(([message]) => message as Answer);
      ended.catch(() => {});
      told.catch(() => {});
      const { value, error } = (await Promise.race([told, ended])) as Answer;
      if (error !== undefined) throw new Error(error);
      return value;
    } finally {
      ending.abort();
    }
  }
}
