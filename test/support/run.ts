/**
 * `npm test`: the test files in two runs of mocha side by side, each with a RabbitMQ of its own. Tests wait more than they
 * compute, and beside others they show what holds on an idle machine only.
 *
 * Shape:  what the second run writes comes after the first. With arguments (`npm test -- --grep provide`), or a broker that
 *         is given (`BGTASKS_TEST_URL`), there is one run.
 *         The last line counts both, as the reporter does; a run that ends without its line is one failed test.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { globSync } from 'tinyglobby';
import { URL_VARIABLE } from './rabbitmq.js';
import { countLine } from './reporter.js';

const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const END_WITH_PARENT = new URL('./end-with-parent.js', import.meta.url).href;
const COUNTS = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

interface Run {
  readonly output: string;
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

function mocha(args: readonly string[], onOutput: (chunk: string) => void = () => {}): Promise<Run> {
  const color = process.stdout.isTTY ? ['--color'] : [];
  // Its standard input is a pipe, so that it ends with this process.
  const child = spawn(process.execPath, ['--import', END_WITH_PARENT, MOCHA, ...color, ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      onOutput(chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(result(output, code)));
  });
}

function result(output: string, code: number | null): Run {
  const line = output.split('\n').findLast((each) => COUNTS.test(each)) ?? '';
  const [passes = 0, failures = 0, pending = 0] = COUNTS.exec(line)?.slice(1).map(Number) ?? [];
  return { output, passes, failures: Math.max(failures, code === 0 ? 0 : 1), pending };
}

const files = globSync('dist/test/**/*.test.js', { ignore: 'dist/test/soak/**' }).sort();
const given = process.argv.slice(2);
const isOne = given.length > 0 || process.env[URL_VARIABLE] !== undefined;
const runs = isOne ? [[...given, ...files]] : [0, 1].map((half) => files.filter((_, index) => index % 2 === half));

const [first, ...others] = runs.map((args, index) => {
  return mocha(args, index === 0 ? (chunk) => process.stdout.write(chunk) : undefined);
});
const ended = [await (first as Promise<Run>)];
for (const other of others) {
  const run = await other;
  process.stdout.write(run.output);
  ended.push(run);
}
const sum = (of: (run: Run) => number) => ended.reduce((total, run) => total + of(run), 0);
const failures = sum((run) => run.failures);
process.exitCode = Math.min(failures, 255);
if (ended.length > 1)
  console.log(countLine({ passes: sum((run) => run.passes), failures, pending: sum((run) => run.pending) }));
