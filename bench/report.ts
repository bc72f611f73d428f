/** Results as Markdown on the screen and as JSON in `results/`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { brokerVersion } from './broker.js';
import type { Row } from './measure.js';
import type { Cell, Metric, SampledRow } from './sample.js';

const RESULTS = new URL('../results/', import.meta.url);

export interface Machine {
  readonly node: string;
  readonly cpus: string;
  readonly memoryGb: number;
  readonly rabbitmq: string | undefined;
  readonly mode: string;
}

export async function machineOf(mode: string): Promise<Machine> {
  return {
    node: process.version,
    cpus: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    rabbitmq: await brokerVersion(),
    mode,
  };
}

export function machineLine({ node, cpus: processors, memoryGb, rabbitmq, mode }: Machine): string {
  return `Node ${node}, RabbitMQ ${rabbitmq ?? '(not started)'}, ${processors}, ${memoryGb} GB, ${mode}.`;
}

export function timedTable(rows: readonly Row[]): string {
  const lines = rows.map(({ name, medianMs, ratio, spread }) => [
    name,
    medianMs.toFixed(1),
    `${ratio.toFixed(2)} x`,
    percent(spread),
  ]);
  return table(['', 'ms', 'ratio', 'spread'], lines);
}

/** Each metric with its ratio to the limit. */
export function sampledTable(metrics: readonly Metric[], rows: readonly SampledRow[]): string {
  const head = metrics.flatMap(({ name, target }) => [name, target ? `ratio (${reach(target)})` : 'ratio', 'spread']);
  const lines = rows.map(({ name, cells }) => [name, ...cells.flatMap((cell, i) => textOf(cell, metrics[i]?.digits))]);
  return table(['', ...head], lines);
}

function textOf(cell: Cell | undefined, digits = 1): string[] {
  if (!cell) return ['', '', ''];
  return [cell.median.toFixed(digits), `${cell.ratio.toFixed(2)} x`, percent(cell.spread)];
}

function reach(target: NonNullable<Metric['target']>): string {
  return 'atLeast' in target ? `at least ${target.atLeast}` : `at most ${target.atMost}`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rows = [head, ['---', ...head.slice(1).map(() => '---:')], ...lines];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The file's path. */
export async function writeResults(machine: Machine, results: readonly object[]): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = new URL(`${at.replaceAll(':', '-')}.json`, RESULTS);
  await writeFile(file, `${JSON.stringify({ at, machine, results }, null, 2)}\n`);
  return file.pathname;
}
