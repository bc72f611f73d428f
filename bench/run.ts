/**
 * `npm run bench [scenario...]`: ratios against the limit, as a Markdown table per scenario, and all of them as JSON.
 *
 * `--full` takes more and longer rounds; `--rounds N` sets their number; `--peers a,b` takes only these peers beside the
 * limit and ours.
 *
 * The script runs Node with `--no-allocation-site-pretenuring`: else V8 decides by what ran before whether the objects
 * that a function makes go to old space at once, which makes either side of a comparison take four times as long.
 */
import { parseArgs } from 'node:util';
import { stopBroker } from './broker.js';
import { measure, type Scenario } from './measure.js';
import { stopProvider } from './remote/provider-process.js';
import { machineLine, machineOf, sampledTable, timedTable, writeResults } from './report.js';
import { type Mode, type SampledScenario, sample } from './sample.js';
import { besideCpuWork } from './scenarios/beside-cpu-work.js';
import { boot } from './scenarios/boot.js';
import { callInFlight } from './scenarios/call-in-flight.js';
import { callOneByOne } from './scenarios/call-one-by-one.js';
import { callsHeld } from './scenarios/calls-held.js';
import { jobs } from './scenarios/jobs.js';
import { largeAnswers } from './scenarios/large-answers.js';
import { recovery } from './scenarios/recovery.js';
import { remoteList, remoteListGrowth, remoteListNaive } from './scenarios/remote-list.js';
import { remoteTree } from './scenarios/remote-tree.js';
import { plainRepresentation, representation } from './scenarios/representation.js';
import { routes } from './scenarios/routes.js';
import { soak } from './scenarios/soak.js';
import { validation } from './scenarios/validation.js';
import { validationOfKinds } from './scenarios/validation-kinds.js';
import { watchedCalls } from './scenarios/watched-calls.js';

/** Timed in this process. */
const TIMED: readonly Scenario[] = [
  representation,
  plainRepresentation,
  validation,
  validationOfKinds,
  remoteList,
  remoteListNaive,
  remoteListGrowth,
  remoteTree,
];
/** Each side in a process of its own. */
const SAMPLED: readonly SampledScenario[] = [
  callOneByOne,
  callInFlight,
  largeAnswers,
  jobs,
  boot,
  watchedCalls,
  besideCpuWork,
  routes,
  callsHeld,
  recovery,
  soak,
];

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string' }, full: { type: 'boolean', default: false }, peers: { type: 'string' } },
  allowPositionals: true,
});
const names = [...SAMPLED, ...TIMED].map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No scenario ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(2);
}
const isFull = values.full;
const peers = values.peers?.split(',');
const isWanted = (name: string) => positionals.length === 0 || positionals.includes(name);
const roundsOr = (otherwise: number) => Number(values.rounds ?? otherwise);
const results: object[] = [];

try {
  for (const scenario of SAMPLED) {
    if (!isWanted(scenario.name) || (scenario.isFullOnly && !isFull && !positionals.includes(scenario.name))) continue;
    await runSampled(scenario);
  }
  for (const scenario of TIMED) if (isWanted(scenario.name)) await runTimed(scenario);
  const machine = await machineOf(isFull ? 'full' : 'quick');
  console.log(machineLine(machine));
  console.error(`Written to ${await writeResults(machine, results)}`);
} finally {
  await stopProvider();
  await stopBroker();
}

async function runSampled(scenario: SampledScenario): Promise<void> {
  const rounds = roundsOr(scenario.rounds ?? (isFull ? 11 : 5));
  // Without `noDelay` a call takes 40 ms: only where there is time.
  const takesPart = (id: string) =>
    peers ? ['raw', 'bgtasks', ...peers].includes(id) : isFull || !(id.endsWith('-shipped') || id === 'raw-acked');
  const count = (quick: number, full: number) => (isFull ? full : quick);
  const mode: Mode = { rounds, count, takesPart };
  const rows = await sample(scenario, mode, (done) => progress(scenario.name, done));
  progress();
  const what = `${scenario.what(mode)}; ${rounds} rounds`;
  console.log(`${scenario.name}: ${what}\n\n${sampledTable(scenario.metrics, rows)}\n`);
  results.push({ name: scenario.name, what, metrics: scenario.metrics, rows });
}

async function runTimed(scenario: Scenario): Promise<void> {
  const rounds = roundsOr(isFull ? 60 : 5);
  progress(scenario.name, `${rounds} rounds`);
  const { rows, summary } = await measure(scenario, rounds);
  progress();
  const what = `${scenario.what}; ${rounds} rounds`;
  console.log(`${scenario.name}: ${what}\n\n${timedTable(rows)}\n${summary === undefined ? '' : `\n${summary}\n`}`);
  results.push({ name: scenario.name, what, rows, summary });
}

/** One line that writes over itself; nothing where no one looks. */
function progress(...words: readonly string[]): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${words.join(': ')}`);
  else if (words.length > 0 && process.env.BENCH_PROGRESS) console.error(words.join(': '));
}
