/** What a short call waits while its worker also runs calls that take the CPU for 200 ms each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Service } from 'bgtasks';
import { BIN } from '../boot/boot.js';
import { brokerUrl } from '../broker.js';
import type { Mode, Sampled, SampledScenario } from '../sample.js';

const TASKS = fileURLToPath(new URL('../pools/tasks.js', import.meta.url));
const BURN_MS = 200;

const running: ChildProcess[] = [];
let caller: Service | undefined;

async function worker(url: string, pool: string): Promise<void> {
  const args = [BIN, 'tasks', TASKS, '--url', url, ...(pool === 'inline' ? [] : ['--workers', '1'])];
  const env = { ...process.env, BENCH_POOL: pool };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text) => String(text).includes('Serving') && resolve());
    child.once('exit', (code) => reject(new Error(`The worker ended with ${code}.`)));
  });
}

/** Median and 99th percentile of short calls one after the other, in milliseconds. */
async function waits(service: Service, pool: string, count: number, isBurning: boolean) {
  let isOver = false;
  const burn = async () => {
    while (isBurning && !isOver) await service.call(`beside-${pool}.burn`, BURN_MS);
  };
  const burning = burn();
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const startedAt = performance.now();
    await service.call(`beside-${pool}.short`, i);
    times.push(performance.now() - startedAt);
  }
  isOver = true;
  await burning;
  times.sort((a, b) => a - b);
  return [times[Math.floor(count / 2)], times[Math.floor(count * 0.99)]];
}

async function open(mode: Mode): Promise<readonly Sampled[]> {
  const url = await brokerUrl();
  await Promise.all([worker(url, 'process'), worker(url, 'inline')]);
  const service = new Service({ url });
  caller = service;
  const count = mode.count(500, 2000);
  return [
    { name: 'nothing beside it', sample: () => waits(service, 'process', count, false) },
    { name: 'CPU-bound calls in `pool: "process"`', sample: () => waits(service, 'process', count, true) },
    { name: 'the same calls in the process itself', sample: () => waits(service, 'inline', mode.count(5, 20), true) },
  ];
}

async function close(): Promise<void> {
  await caller?.close();
  const ended = running.splice(0).map((child) => {
    child.kill();
    return once(child, 'exit');
  });
  await Promise.all(ended);
}

export const besideCpuWork: SampledScenario = {
  name: 'beside-cpu-work',
  what: (mode) =>
    `${mode.count(500, 2000)} short calls, one after the other, beside calls that take the CPU for ${BURN_MS} ms`,
  metrics: [
    { name: 'p50 ms', digits: 2 },
    { name: 'p99 ms (at most 50 more)', digits: 2 },
  ],
  open,
  close,
};
