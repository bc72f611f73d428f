/** A worker and a caller of each peer, each in a process of its own, for as long as a scenario takes. */
import { brokerUrl } from '../broker.js';
import type { Mode, Sampled } from '../sample.js';
import { type FoundPeer, findPeers } from './find-peers.js';
import { PeerProcess } from './peer-process.js';

/** Calls until both sides have been compiled: a library of more code takes longer. */
const WARM_UP = 10_000;

export interface Pair {
  readonly name: string;
  /** Without `noDelay`, or with a prefetch of 1: so slow that a hundredth of the calls will do. */
  readonly isSlow: boolean;
  readonly worker: PeerProcess;
  readonly caller: PeerProcess;
}

export class Pairs {
  readonly #running: PeerProcess[] = [];

  /** `measure` takes one round of one pair. `peers`: other than those that there are. */
  async open(
    mode: Mode,
    measure: (pair: Pair) => Promise<readonly (number | undefined)[]>,
    peers?: readonly FoundPeer[],
  ): Promise<readonly Sampled[]> {
    const url = await brokerUrl();
    const contenders: Sampled[] = [];
    for (const found of peers ?? (await findPeers())) {
      const { id, name, serve, connect } = found.peer;
      if (!serve || !connect || !mode.takesPart(id)) continue;
      const isSlow = id.endsWith('-shipped');
      const worker = await this.#start(PeerProcess.start(found, url, 'worker'));
      await worker.ask('serve');
      const caller = await this.#start(PeerProcess.start(found, url, 'caller'));
      await caller.ask('connect');
      if (!isSlow) await caller.ask('inFlight', mode.count(WARM_UP, WARM_UP), 100);
      contenders.push({ name, sample: () => measure({ name, worker, caller, isSlow }) });
    }
    return contenders;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((each) => each.stop()));
  }

  async #start(starting: Promise<PeerProcess>): Promise<PeerProcess> {
    const started = await starting;
    this.#running.push(started);
    return started;
  }
}

/** Calls of the caller, and the CPU time of both sides for each, in microseconds. */
export async function callsOf(
  { caller, worker, isSlow }: Pair,
  action: string,
  wanted: number,
  ...args: readonly unknown[]
) {
  const count = isSlow ? Math.max(1, Math.round(wanted / 100)) : wanted;
  const before = await worker.cpu();
  const { perSecond, cpu } = await caller.ask<{ perSecond: number; cpu: number }>(action, count, ...args);
  const workerCpu = ((await worker.cpu()) - before) / count;
  return { perSecond, callerCpu: cpu, workerCpu };
}
