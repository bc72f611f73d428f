/** A private RabbitMQ, one for all scenarios of a run: that of the tests, so the bench needs what they need. */
import type * as Rabbit from '../dist/test/support/rabbitmq.js';

/** Of the tests, compiled; the path is that from the compiled bench. */
const RABBIT = new URL('../../dist/test/support/rabbitmq.js', import.meta.url).href;

let running: Promise<Rabbit.RabbitNode> | undefined;

export function broker(): Promise<Rabbit.RabbitNode> {
  running ??= import(RABBIT).then(({ startRabbitMq }: typeof Rabbit) => startRabbitMq());
  return running;
}

export async function brokerUrl(): Promise<string> {
  return (await broker()).url;
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
