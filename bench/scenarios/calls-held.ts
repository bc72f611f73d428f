/** What 10,000 calls hold while they wait, each in a fresh process. */
import { brokerUrl } from '../broker.js';
import { findPeers } from '../messaging/find-peers.js';
import { PeerProcess } from '../messaging/peer-process.js';
import type { Mode, Sampled, SampledScenario } from '../sample.js';

const CALLS = 10_000;
const workers: PeerProcess[] = [];
let rounds = 0;

async function open(mode: Mode): Promise<readonly Sampled[]> {
  const url = await brokerUrl();
  const contenders: Sampled[] = [];
  for (const found of await findPeers()) {
    const { id, name, serve, connect } = found.peer;
    if (!serve || !connect || !mode.takesPart(id) || id.endsWith('-shipped')) continue;
    const sample = async () => {
      rounds += 1;
      const route = `bench.held-${rounds}`; // what nobody has answered is still in the queue of the last round
      const worker = await PeerProcess.start(found, url, 'worker');
      workers.push(worker);
      await worker.ask('serve', route);
      const caller = await PeerProcess.start(found, url, 'caller');
      workers.push(caller);
      await caller.ask('connect');
      const { heap, rss } = await caller.ask<{ heap: number; rss: number }>('hold', CALLS, route);
      await Promise.all(workers.splice(0).map((each) => each.stop()));
      return [heap, rss];
    };
    contenders.push({ name, sample });
  }
  return contenders;
}

export const callsHeld: SampledScenario = {
  name: 'calls-held',
  isFullOnly: true,
  what: () => `${CALLS} calls wait for their answer; bytes of the caller for each`,
  metrics: [
    { name: 'heap bytes/call', digits: 0 },
    { name: 'RSS bytes/call', digits: 0 },
  ],
  open,
  close: async () => void (await Promise.all(workers.splice(0).map((each) => each.stop()))),
};
