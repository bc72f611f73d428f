/**
 * One side of a peer in a process of its own: `child.js <file of the peer> <id of the peer> <url>`. The bench asks for one
 * measurement after the other over IPC.
 */
import { collectGarbage } from '../collect-garbage.js';
import { peerOf } from './find-peers.js';
import type { Caller } from './peer.js';

const [, , file = '', id = '', url = ''] = process.argv;
const peer = await peerOf(file, id);

const BODY = { id: 7, name: 'Tom', tags: ['a', 'b'], text: 'x'.repeat(60) };
const JOB = { id: 7, text: 'x'.repeat(270) };

const HANDLERS = {
  'bench.echo': (body: unknown) => body,
  'bench.list': (body: unknown) =>
    Array.from({ length: (body as { count: number }).count }, (_, i) => ({
      id: i,
      path: `/images/${i}.jpg`,
      alt: `image number ${i}`,
    })),
};

let caller: Caller;
let publish: (body: unknown, done: (error?: unknown) => void) => void;

const ACTIONS = {
  /** `held`: a route that answers nothing. */
  async serve(held?: string) {
    const handlers = held === undefined ? HANDLERS : { ...HANDLERS, [held]: () => new Promise(() => {}) };
    await peer.serve?.(url, handlers);
  },

  async connect() {
    if (!peer.connect) throw new Error(`${peer.name} makes no calls.`);
    caller = await peer.connect(url);
    const answer = await caller.call('bench.echo', BODY);
    if (JSON.stringify(answer) !== JSON.stringify(BODY)) throw new Error(`${peer.name} gives another answer.`);
  },

  /** Milliseconds of calls one after the other: median and 99th percentile. */
  async oneByOne(count: number) {
    const times: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const startedAt = performance.now();
      await caller.call('bench.echo', BODY);
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    return { p50: times[Math.floor(count / 2)], p99: times[Math.floor(count * 0.99)] };
  },

  inFlight: (count: number, width: number) => timed(count, width, () => caller.call('bench.echo', BODY)),

  large: (count: number, width: number, objects: number) =>
    timed(count, width, async () => {
      const answer = (await caller.call('bench.list', { count: objects })) as unknown[];
      if (answer.length !== objects) throw new Error(`${peer.name}: objects are missing.`);
    }),

  /** Bytes of heap, and of everything, that a call holds while it waits. */
  async hold(count: number, route: string) {
    const before = memory();
    for (let i = 0; i < count; i += 1) caller.call(route, BODY).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1500)); // until all is written
    const after = memory();
    return { heap: (after.heapUsed - before.heapUsed) / count, rss: (after.rss - before.rss) / count };
  },

  async openJobs(queue: string) {
    publish = (await peer.jobs?.publisher(url, queue)) as typeof publish;
  },

  publish: (count: number, width: number) =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const cpu = process.cpuUsage();
      let sent = 0;
      let done = 0;
      const onDone = (error?: unknown) => {
        if (error) return reject(error);
        done += 1;
        if (done === count) resolve(spent(count, startedAt, cpu));
        else if (sent < count) send();
      };
      const send = () => {
        sent += 1;
        publish(JOB, onDone);
      };
      for (let i = 0; i < width; i += 1) send();
    }),

  /** From the first job to the last, so that opening does not count. */
  consume: (count: number, queue: string) =>
    new Promise((resolve, reject) => {
      let taken = 0;
      let startedAt = 0;
      let cpu = process.cpuUsage();
      let stop: Promise<() => Promise<unknown>> | undefined;
      const onJob = () => {
        if (taken === 0) {
          startedAt = performance.now();
          cpu = process.cpuUsage();
        }
        taken += 1;
        if (taken !== count) return;
        const result = spent(count - 1, startedAt, cpu);
        setTimeout(() => void stop?.then((end) => end()).then(() => resolve(result), reject), 100); // the last acks
      };
      stop = peer.jobs?.consumer(url, queue, onJob);
      stop?.catch(reject);
    }),

  cpu: () => process.cpuUsage(),
  memory,
};

interface Spent {
  readonly perSecond: number;
  /** Microseconds of this process for each. */
  readonly cpu: number;
}

async function timed(count: number, width: number, run: () => Promise<unknown>): Promise<Spent> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  let left = count;
  const line = async () => {
    while (left > 0) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: width }, line));
  return spent(count, startedAt, cpu);
}

function spent(count: number, startedAt: number, before: NodeJS.CpuUsage): Spent {
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (count * 1000) / (performance.now() - startedAt), cpu: (user + system) / count };
}

function memory(): NodeJS.MemoryUsage {
  collectGarbage();
  return process.memoryUsage();
}

process.on('message', async ({ action, args }: { action: keyof typeof ACTIONS; args: unknown[] }) => {
  try {
    const run = ACTIONS[action] as (...args: unknown[]) => unknown;
    process.send?.({ value: (await run(...args)) ?? null });
  } catch (error) {
    process.send?.({ error: String((error as Error).stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.({ value: 'ready' });
