/** The smallest form of the bench: calls and jobs once, of the limit and ours alone. For the tests, with no times. */
import { stopBroker } from './broker.js';
import { sampledTable } from './report.js';
import { type Mode, type SampledScenario, sample } from './sample.js';
import { callInFlight } from './scenarios/call-in-flight.js';
import { callOneByOne } from './scenarios/call-one-by-one.js';
import { jobs } from './scenarios/jobs.js';

const SCENARIOS: readonly SampledScenario[] = [callOneByOne, callInFlight, jobs];
const mode: Mode = {
  rounds: 1,
  count: (quick) => Math.ceil(quick / 20),
  takesPart: (id) => id === 'raw' || id === 'bgtasks',
};

try {
  for (const scenario of SCENARIOS) {
    const rows = await sample(scenario, mode, () => {});
    console.log(`${scenario.name}\n${sampledTable(scenario.metrics, rows)}`);
  }
} finally {
  await stopBroker();
}
