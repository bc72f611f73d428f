/**
 * `npm run bench [scenario...]`: ratios against the limit, as a Markdown table per scenario. `--rounds N`, default 25.
 *
 * The script runs Node with `--no-allocation-site-pretenuring`: else V8 decides by what ran before whether the objects
 * that a function makes go to old space at once, which makes either side of a comparison take four times as long.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measure, type Scenario } from './measure.js';
import { stopProvider } from './remote/provider-process.js';
import { remoteList, remoteListGrowth, remoteListNaive } from './scenarios/remote-list.js';
import { remoteTree } from './scenarios/remote-tree.js';
import { plainRepresentation, representation } from './scenarios/representation.js';
import { validation } from './scenarios/validation.js';
import { validationOfKinds } from './scenarios/validation-kinds.js';

const SCENARIOS: readonly Scenario[] = [
  representation,
  plainRepresentation,
  validation,
  validationOfKinds,
  remoteList,
  remoteListNaive,
  remoteListGrowth,
  remoteTree,
];

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '25' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  console.error(`No scenario ${unknown.join(', ')}. There are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}, ${values.rounds} rounds each\n`);
try {
  for (const scenario of SCENARIOS) {
    if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
    const { rows, summary } = await measure(scenario, Number(values.rounds));
    console.log(`${scenario.name}: ${scenario.what}\n\n| | ms | ratio | spread |\n|---|---:|---:|---:|`);
    for (const { name, medianMs, ratio, spread } of rows) {
      console.log(`| ${name} | ${medianMs.toFixed(1)} | ${ratio.toFixed(2)} x | ${(spread * 100).toFixed(0)} % |`);
    }
    console.log(summary === undefined ? '' : `\n${summary}\n`);
  }
} finally {
  await stopProvider();
}
