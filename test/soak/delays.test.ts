/** Which kind of queue may hold delayed messages: levels as in `test/broker/facts/delays.test.ts`, and a broker killed meanwhile. */
import { connect } from 'amqplib';
import { expect } from 'chai';
import { Ledger } from '../support/ledger.js';
import { startOwnNode } from '../support/own-node.js';
import type { RabbitNode } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const MESSAGES = 15_000;
const TTL_MS = 3000;

describe('messages that wait in a level while the broker is killed', () => {
  let node: RabbitNode;
  let ledger: Ledger;

  beforeEach(async function () {
    node = await startOwnNode(this);
    ledger = new Ledger();
  });
  afterEach(async () => {
    await node?.stop();
    await ledger?.close();
  });

  it('all arrive: quorum, at-least-once, reject-publish', async () => {
    const level = {
      'x-queue-type': 'quorum',
      'x-message-ttl': TTL_MS,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'due',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    };
    const before = await connect(node.url);
    before.on('error', () => {});
    const publishing = await before.createConfirmChannel();
    await publishing.assertQueue('due', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await publishing.assertQueue('level', { durable: true, arguments: level });
    for (let id = 0; id < MESSAGES; id += 1) {
      publishing.sendToQueue('level', Buffer.from(String(id)), { persistent: true }, (error) => {
        if (!error) ledger.published(id);
      });
      if (id % 500 === 0) await new Promise(setImmediate);
    }
    await publishing.waitForConfirms();
    const moved = async () => Number((await publishing.checkQueue('due')).messageCount);
    await until(async () => (await moved()) > 0); // the kill falls into the move
    await node.restart();

    const after = await connect(node.url);
    const consuming = await after.createChannel();
    await consuming.prefetch(1000);
    await consuming.consume('due', (message) => {
      if (!message) return;
      ledger.effect(message.content.toString());
      consuming.ack(message);
    });
    await until(() => ledger.lost().length === 0);
    expect(ledger.counts()).to.deep.equal({ published: MESSAGES, effects: MESSAGES });
    console.log(`      ${ledger.duplicates().length} of ${MESSAGES} came twice`);
    await after.close();
  });
});
