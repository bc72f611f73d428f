/**
 * A private RabbitMQ, one for all scenarios of a run: that of the tests, so the bench needs what they need. `BENCH_URL`
 * names another one.
 */
import type * as Rabbit from '../dist/test/support/rabbitmq.js';

/** Of the tests, compiled; the path is that from the compiled bench. */
const RABBIT = new URL('../../dist/test/support/rabbitmq.js', import.meta.url).href;

let running: Promise<Rabbit.RabbitMq> | undefined;

export async function brokerUrl(): Promise<string> {
  running ??= start();
  return (await running).url;
}

/** Undefined where no scenario has needed one. */
export async function brokerVersion(): Promise<string | undefined> {
  return (await running)?.version;
}

export async function stopBroker(): Promise<void> {
  const node = await running;
  running = undefined;
  await node?.stop();
}

async function start(): Promise<Rabbit.RabbitMq> {
  const url = process.env.BENCH_URL;
  if (url) return { url, version: 'of BENCH_URL', description: 'BENCH_URL', stop: async () => {} };
  const { startRabbitMq } = (await import(RABBIT)) as typeof Rabbit;
  return startRabbitMq();
}
