/** A node that one group of tests may kill: `before(async function () { node = await startOwnNode(this); })`. */

import { NO_RABBITMQ_4 } from './rabbitmq/source.js';
import { type RabbitNode, startRabbitMq } from './rabbitmq.js';

/** The caller stops it. Skips, and says why, only where RabbitMQ 4 is asked for and nobody may start or kill one. */
export async function startOwnNode(test: Mocha.Context): Promise<RabbitNode> {
  try {
    return await startRabbitMq();
  } catch (error) {
    const { message } = error as Error;
    if (!message.startsWith(NO_RABBITMQ_4)) throw error;
    console.log(`Skipped: ${message}`);
    return test.skip();
  }
}
