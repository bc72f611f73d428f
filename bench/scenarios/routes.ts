/** What a route costs a worker that has many. */
import { type Boot, bootByHand, bootCommand } from '../boot/boot.js';
import { brokerUrl } from '../broker.js';
import { findPeers } from '../messaging/find-peers.js';
import type { Sampled, SampledScenario } from '../sample.js';

const ROUTES = 1000;

async function open(): Promise<readonly Sampled[]> {
  const url = await brokerUrl();
  const raw = (await findPeers()).find(({ peer }) => peer.id === 'raw');
  if (!raw) return [];
  return [
    { name: 'raw amqplib, one after the other', sample: () => perRoute((routes) => bootByHand(raw, url, routes)) },
    { name: 'bgtasks tasks', sample: () => perRoute((routes) => bootCommand(url, routes)) },
  ];
}

/** Milliseconds and kilobytes that each route adds. */
async function perRoute(bootWith: (routes: number) => Promise<Boot>): Promise<readonly (number | undefined)[]> {
  const one = await bootWith(1);
  const many = await bootWith(ROUTES);
  const kilobytes = one.rss === undefined || many.rss === undefined ? undefined : (many.rss - one.rss) * 1024;
  return [(many.ms - one.ms) / (ROUTES - 1), kilobytes === undefined ? undefined : kilobytes / (ROUTES - 1)];
}

export const routes: SampledScenario = {
  name: 'routes',
  what: () => `a worker of ${ROUTES} routes against one of a single route, for each route`,
  metrics: [
    { name: 'ms/route', digits: 2 },
    { name: 'RSS KB/route', digits: 1 },
  ],
  open,
  close: async () => {},
};
