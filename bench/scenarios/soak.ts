/** Calls for minutes: whether throughput drifts, and whether memory grows. A round is a slice of time of one peer. */
import { brokerUrl } from '../broker.js';
import { findPeers } from '../messaging/find-peers.js';
import { PeerProcess } from '../messaging/peer-process.js';
import type { Mode, Sampled, SampledScenario } from '../sample.js';

const MINUTES = 1.5;
const SLICES = 9;
const running: PeerProcess[] = [];

async function open(mode: Mode): Promise<readonly Sampled[]> {
  const url = await brokerUrl();
  const contenders: Sampled[] = [];
  for (const found of await findPeers()) {
    const { id, name } = found.peer;
    if (!['raw', 'bgtasks'].includes(id) || !mode.takesPart(id)) continue;
    contenders.push({ name, sample: () => soaked(() => pair(found, url)) });
  }
  return contenders;
}

type Found = Awaited<ReturnType<typeof findPeers>>[number];

async function pair(found: Found, url: string) {
  const worker = await PeerProcess.start(found, url, 'worker');
  running.push(worker);
  await worker.ask('serve');
  const caller = await PeerProcess.start(found, url, 'caller');
  running.push(caller);
  await caller.ask('connect');
  return { worker, caller };
}

async function soaked(start: () => Promise<{ worker: PeerProcess; caller: PeerProcess }>): Promise<number[]> {
  const { worker, caller } = await start();
  const heaps = async () => {
    const [one, other] = [
      await worker.ask<NodeJS.MemoryUsage>('memory'),
      await caller.ask<NodeJS.MemoryUsage>('memory'),
    ];
    return (one.heapUsed + other.heapUsed) / 1024 / 1024;
  };
  await callFor(caller, 5000); // until everything is compiled
  const before = await heaps();
  const rates: number[] = [];
  for (let slice = 0; slice < SLICES; slice += 1) rates.push(await callFor(caller, (MINUTES * 60_000) / SLICES));
  const growth = (await heaps()) - before;
  await close();
  const third = SLICES / 3;
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  return [mean(rates), mean(rates.slice(-third)) / mean(rates.slice(0, third)), growth];
}

/** Calls a second. */
async function callFor(caller: PeerProcess, ms: number): Promise<number> {
  const endsAt = performance.now() + ms;
  const startedAt = performance.now();
  let calls = 0;
  while (performance.now() < endsAt) {
    await caller.ask('inFlight', 5000, 100);
    calls += 5000;
  }
  return (calls * 1000) / (performance.now() - startedAt);
}

async function close(): Promise<void> {
  await Promise.all(running.splice(0).map((each) => each.stop()));
}

export const soak: SampledScenario = {
  name: 'soak',
  what: () => `${MINUTES} minutes of calls, 100 in flight; drift is the last third against the first`,
  isFullOnly: true,
  rounds: 1,
  metrics: [
    { name: 'calls/s', digits: 0 },
    { name: 'drift', digits: 2 },
    { name: 'heap growth MB', digits: 1 },
  ],
  open,
  close,
};
