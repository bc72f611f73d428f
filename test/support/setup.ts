/**
 * What holds for the whole run: one RabbitMQ, up before the first test and gone after the last (its URL is
 * `rabbitUrl()`), and a rejection that nobody handles fails the test during which it is noticed.
 *
 * Without RabbitMQ a run fails. Only one that asks for RabbitMQ 4 is skipped as a whole, and says why.
 */
import { NO_RABBITMQ_4 } from './rabbitmq/source.js';
import { openSharedRabbitMq, type RabbitMq, URL_VARIABLE } from './rabbitmq.js';

let shared: RabbitMq | undefined;
let whySkipped: string | undefined;

export async function mochaGlobalSetup(): Promise<void> {
  // Mocha 12 listens for these and drops them, so Node's own reaction never comes.
  process.on('unhandledRejection', (reason) => {
    throw reason;
  });
  const startedAt = performance.now();
  try {
    shared = await openSharedRabbitMq();
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith(NO_RABBITMQ_4)) {
      whySkipped = message;
      console.log(`Skipped: ${message}`);
      return;
    }
    // Mocha prints the stack of what a setup throws: here the message says what to do, and nothing else does.
    throw Object.assign(error as Error, { stack: message });
  }
  process.env[URL_VARIABLE] = shared.url;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`RabbitMQ ${shared.version}, ${shared.description}, ready in ${seconds} s`);
}

export async function mochaGlobalTeardown(): Promise<void> {
  await shared?.stop();
}

export const mochaHooks = {
  beforeAll(this: Mocha.Context) {
    if (whySkipped !== undefined) this.skip();
  },
};
