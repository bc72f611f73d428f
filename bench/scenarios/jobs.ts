/** Jobs of like for like: quorum queues with the arguments of ours, persistent messages, confirms, acks after the handler. */
import { Service } from 'bgtasks';
import { brokerUrl } from '../broker.js';
import { findPeers } from '../messaging/find-peers.js';
import { PeerProcess } from '../messaging/peer-process.js';
import type { Mode, Sampled, SampledScenario } from '../sample.js';

const WINDOW = 500;
const running: PeerProcess[] = [];
const countOf = (mode: Mode) => mode.count(4000, 20_000);

/** All of them as ours declares its own. */
async function declare(url: string, queues: readonly string[]): Promise<void> {
  const service = new Service({ url });
  for (const queue of queues) service.jobTask(queue)(() => {});
  await service.start();
  await service.close();
}

async function open(mode: Mode): Promise<readonly Sampled[]> {
  const url = await brokerUrl();
  const peers = (await findPeers()).filter(({ peer }) => peer.jobs && mode.takesPart(peer.id));
  const queueOf = (id: string) => `${id}.jobs`;
  await declare(
    url,
    peers.map(({ peer }) => queueOf(peer.id)),
  );
  const contenders: Sampled[] = [];
  for (const found of peers) {
    const { id, name } = found.peer;
    const queue = queueOf(id);
    const publisher = await PeerProcess.start(found, url, 'publisher');
    const consumer = await PeerProcess.start(found, url, 'consumer');
    running.push(publisher, consumer);
    await publisher.ask('openJobs', queue);
    contenders.push({ name, sample: () => publishThenConsume(publisher, consumer, queue, countOf(mode)) });
  }
  return contenders;
}

interface Spent {
  readonly perSecond: number;
  readonly cpu: number;
}

async function publishThenConsume(publisher: PeerProcess, consumer: PeerProcess, queue: string, count: number) {
  const published = await publisher.ask<Spent>('publish', count, WINDOW);
  const consumed = await consumer.ask<Spent>('consume', count, queue);
  return [published.perSecond, published.cpu, consumed.perSecond, consumed.cpu];
}

export const jobs: SampledScenario = {
  name: 'jobs',
  what: (mode) =>
    `${countOf(mode)} jobs of 300 bytes: published, ${WINDOW} unconfirmed at once; then consumed, prefetch 100`,
  metrics: [
    { name: 'published/s', digits: 0, target: { atLeast: 0.9 } },
    { name: 'CPU µs', digits: 1 },
    { name: 'consumed/s', digits: 0, target: { atLeast: 0.85 } },
    { name: 'CPU µs', digits: 1 },
  ],
  open,
  close: async () => void (await Promise.all(running.splice(0).map((each) => each.stop()))),
};
