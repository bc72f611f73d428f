/** Answers that are large enough for bytes to count more than calls. */
import { callsOf, Pairs } from '../messaging/pairs.js';
import type { Mode, SampledScenario } from '../sample.js';

const OBJECTS = 5000;
const IN_FLIGHT = 4;
const pairs = new Pairs();
const countOf = (mode: Mode) => mode.count(40, 100);

export const largeAnswers: SampledScenario = {
  name: 'large-answers',
  what: (mode) => `${countOf(mode)} answers of ${OBJECTS} objects (300 KB), ${IN_FLIGHT} in flight`,
  metrics: [
    { name: 'answers/s', digits: 0, target: { atLeast: 0.95 } },
    { name: 'CPU ms/answer', digits: 2 },
  ],
  open: (mode) =>
    pairs.open(mode, async (pair) => {
      const { perSecond, callerCpu, workerCpu } = await callsOf(pair, 'large', countOf(mode), IN_FLIGHT, OBJECTS);
      return [perSecond, (callerCpu + workerCpu) / 1000];
    }),
  close: () => pairs.close(),
};
