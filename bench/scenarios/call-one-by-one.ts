/** The time of a call when nothing else is going on. */
import { Pairs } from '../messaging/pairs.js';
import type { Mode, SampledScenario } from '../sample.js';

const pairs = new Pairs();
const callsOf = (mode: Mode) => mode.count(300, 1000);

export const callOneByOne: SampledScenario = {
  name: 'call-one-by-one',
  what: (mode) => `${callsOf(mode)} calls, one after the other, 100 bytes each way`,
  metrics: [
    { name: 'p50 ms', digits: 3, target: { atMost: 1.15 } },
    { name: 'p99 ms', digits: 3 },
  ],
  open: (mode) =>
    pairs.open(mode, async ({ isSlow, caller }) => {
      const count = isSlow ? 20 : callsOf(mode);
      const { p50, p99 } = await caller.ask<{ p50: number; p99: number }>('oneByOne', count);
      return [p50, p99];
    }),
  close: () => pairs.close(),
};
