/** What metrics and a middleware cost a call. */
import { findPeers } from '../messaging/find-peers.js';
import { callsOf, Pairs } from '../messaging/pairs.js';
import { peers as watched } from '../messaging/watched.js';
import type { Mode, SampledScenario } from '../sample.js';

const IN_FLIGHT = 100;
const WATCHED = new URL('../messaging/watched.js', import.meta.url).href;
const pairs = new Pairs();
const countOf = (mode: Mode) => mode.count(3000, 10_000);

export const watchedCalls: SampledScenario = {
  name: 'watched-calls',
  what: (mode) => `${countOf(mode)} calls, ${IN_FLIGHT} in flight; metrics on both sides, a middleware in the worker`,
  metrics: [
    { name: 'calls/s', digits: 0, target: { atLeast: 0.9 } },
    { name: 'CPU µs/call', digits: 1 },
  ],
  async open(mode) {
    const plain = (await findPeers()).filter(({ peer }) => peer.id === 'bgtasks');
    const found = [...plain, ...watched.map((peer) => ({ file: WATCHED, peer }))];
    return pairs.open(
      { ...mode, takesPart: () => true },
      async (pair) => {
        const { perSecond, callerCpu, workerCpu } = await callsOf(pair, 'inFlight', countOf(mode), IN_FLIGHT);
        return [perSecond, callerCpu + workerCpu];
      },
      found,
    );
  },
  close: () => pairs.close(),
};
