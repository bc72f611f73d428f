/** How many calls a caller and a worker get through, and what they cost. */
import { callsOf, Pairs } from '../messaging/pairs.js';
import type { Mode, SampledScenario } from '../sample.js';

const IN_FLIGHT = 100;
const pairs = new Pairs();
const countOf = (mode: Mode) => mode.count(3000, 10_000);

export const callInFlight: SampledScenario = {
  name: 'call-in-flight',
  what: (mode) =>
    `${countOf(mode)} calls, ${IN_FLIGHT} in flight, 100 bytes each way; CPU is that of caller and worker`,
  metrics: [
    { name: 'calls/s', digits: 0, target: { atLeast: 1 } },
    { name: 'CPU µs/call', digits: 1, target: { atMost: 1.1 } },
    { name: 'of the caller', digits: 1 },
    { name: 'of the worker', digits: 1 },
  ],
  open: (mode) =>
    pairs.open(mode, async (pair) => {
      const { perSecond, callerCpu, workerCpu } = await callsOf(pair, 'inFlight', countOf(mode), IN_FLIGHT);
      return [perSecond, callerCpu + workerCpu, callerCpu, workerCpu];
    }),
  close: () => pairs.close(),
};
