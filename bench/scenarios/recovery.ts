/**
 * A broker that is killed and comes back, under a service that calls and has jobs: from the moment at which the broker takes
 * connections to the first call that is answered and the first job that runs.
 *
 * Shape:  a node of its own, as it is killed. Connections are tried by hand every 5 ms, which tells that moment. It stays away
 *         for 0.5 to 3 s beside its own start, so that the pauses between attempts to connect have grown.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { Service, silentLogger } from 'bgtasks';
import type * as Rabbit from '../../dist/test/support/rabbitmq.js';
import type { Mode, Sampled, SampledScenario } from '../sample.js';

const RABBIT = new URL('../../../dist/test/support/rabbitmq.js', import.meta.url).href;
const LIMIT_MS = 2000;

let node: Rabbit.RabbitNode | undefined;
let services: readonly Service[] = [];

async function open(mode: Mode): Promise<readonly Sampled[]> {
  const { startRabbitMq } = (await import(RABBIT)) as typeof Rabbit;
  const started = await startRabbitMq();
  node = started;
  const [api, worker] = [1, 2].map(() => new Service({ url: started.url, logger: silentLogger })) as [Service, Service];
  services = [api, worker];
  let onJob = () => {};
  worker.rpcTask('recovery.call')((body) => body);
  worker.jobTask('recovery.job')(() => onJob());
  await worker.start();
  const recover = async () => {
    await api.enqueue('recovery.job', 0);
    await api.call('recovery.call', 0);
    await started.kill();
    const job = new Promise<number>((resolve) => {
      onJob = () => resolve(performance.now());
    });
    await sleep(500 + Math.random() * 2500);
    const accepted = firstConnection(started.url);
    void enqueueUntilTaken(api);
    await started.restart();
    const times = [await firstAnswer(api), await job];
    const since = await accepted;
    return times.map((time) => Math.max(0, time - since));
  };
  const ours = async () => {
    const restarts: number[][] = [];
    while (restarts.length < restartsIn(mode)) restarts.push(await recover());
    const sorted = [0, 1].map((index) => restarts.map((times) => times[index] ?? 0).sort((a, b) => a - b));
    const medians = sorted.map((times) => times[Math.floor(times.length / 2)]);
    return [...medians, ...sorted.map((times) => times.at(-1))];
  };
  return [
    { name: 'limit', sample: async () => [LIMIT_MS, LIMIT_MS, LIMIT_MS, LIMIT_MS] },
    { name: 'bgtasks', sample: ours },
  ];
}

async function firstConnection(url: string): Promise<number> {
  for (;;) {
    const model = await connect(url).catch(() => undefined);
    if (!model) await sleep(5);
    else {
      const at = performance.now();
      await model.close();
      return at;
    }
  }
}

/** Begun while the broker is away. */
async function enqueueUntilTaken(api: Service): Promise<void> {
  for (;;) {
    const isTaken = await api.enqueue('recovery.job', 1).then(
      () => true,
      () => false,
    );
    if (isTaken) return;
  }
}

async function firstAnswer(api: Service): Promise<number> {
  for (;;) {
    const isAnswered = await api.call('recovery.call', 1, { timeoutMs: 250 }).then(
      () => true,
      () => false,
    );
    if (isAnswered) return performance.now();
    await sleep(5);
  }
}

function restartsIn(mode: Mode): number {
  return mode.count(10, 20);
}

async function close(): Promise<void> {
  for (const service of services) await service.close();
  await node?.stop();
  services = [];
  node = undefined;
}

export const recovery: SampledScenario = {
  name: 'recovery',
  what: (mode) =>
    `${restartsIn(mode)} times, from a killed broker taking connections to the first call answered and the first job run`,
  metrics: [
    { name: 'call ms, median', digits: 0 },
    { name: 'job ms, median', digits: 0 },
    { name: 'call ms, slowest', digits: 0, target: { atMost: 1 } },
    { name: 'job ms, slowest', digits: 0, target: { atMost: 1 } },
  ],
  isFullOnly: true,
  rounds: 1,
  open,
  close,
};
