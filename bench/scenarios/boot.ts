/** A worker with one route: from spawn to consuming, and its memory when it has nothing to do. */
import { bootByHand, bootCommand } from '../boot/boot.js';
import { brokerUrl } from '../broker.js';
import { findPeers } from '../messaging/find-peers.js';
import type { Mode, Sampled, SampledScenario } from '../sample.js';

async function open(mode: Mode): Promise<readonly Sampled[]> {
  const url = await brokerUrl();
  const found = (await findPeers()).filter(({ peer: { id, serve } }) => serve && mode.takesPart(id) && isOwnKind(id));
  const byHand = found.map((each): Sampled => {
    const name = each.peer.id === 'bgtasks' ? 'bgtasks, `service.start()`' : each.peer.name;
    return { name, sample: async () => numbersOf(await bootByHand(each, url, 1)) };
  });
  const [limit, ...others] = byHand;
  const command = {
    name: 'bgtasks, the command `bgtasks tasks`',
    sample: async () => numbersOf(await bootCommand(url, 1)),
  };
  return limit ? [limit, command, ...others] : [command];
}

/** One way of each peer: acks and corking do not change how it starts. */
function isOwnKind(id: string): boolean {
  return id === 'raw' || !id.includes('-') || id === 'rabbitmq-client';
}

function numbersOf({ ms, rss }: { ms: number; rss: number | undefined }) {
  return [ms, rss];
}

export const boot: SampledScenario = {
  name: 'boot',
  what: () => 'a worker of one route, from spawn to consuming',
  metrics: [
    { name: 'ms', digits: 0, target: { atMost: 1.5 } },
    { name: 'RSS MB', digits: 1 },
  ],
  open,
  close: async () => {},
};
