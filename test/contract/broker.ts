/** What every broker does: one list of cases, run against the memory broker and RabbitMQ, so that they cannot drift. */
import { expect } from 'chai';
import type { Broker, CallChannel, Delivery, IncomingMessage, QueueSpec } from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

export function brokerContract(url: () => string): void {
  let broker: Broker;
  let address: string;

  const connect = async () => autoClose(await openBroker(address, silentLogger));

  beforeEach(async () => {
    address = url();
    broker = await connect();
  });

  const declared = async (name = unique('contract')): Promise<QueueSpec> => {
    const queue = { name, durable: true, arguments: { 'x-queue-type': 'classic', 'x-expires': 60_000 } };
    await broker.declare([{ queue }]);
    return queue;
  };

  /** A channel for calls that keeps what comes. */
  const caller = async (on: Broker) => {
    const replies: IncomingMessage[] = [];
    const returned: string[] = [];
    const channel = await on.openCalls({
      onReply: (reply) => void replies.push(reply),
      onReturn: (id) => void returned.push(id),
      onLost: () => {},
    });
    return { channel, replies, returned };
  };

  const request = (channel: CallChannel, queue: string, text: string, expirationMs?: number) =>
    channel.send({
      exchange: '',
      routingKey: queue,
      body: Buffer.from(text),
      properties: { correlationId: text, replyTo: channel.replyTo, headers: { 'x-kept': 'yes' } },
      expirationMs,
    });

  it('is connected after connect, and not after close', async () => {
    await broker.connect();
    expect(broker.isConnected).to.equal(true);
    await broker.close();
    await broker.close();
    expect(broker.isConnected).to.equal(false);
  });

  it('does nothing more once it is closed', async () => {
    const { name, ...rest } = await declared();
    const message = { exchange: '', routingKey: name, body: Buffer.from('1'), properties: {} };
    await broker.publish(message);
    await broker.close();
    for (const attempt of [
      broker.connect(),
      broker.publish(message),
      broker.declare([{ queue: { name, ...rest } }]),
      consume(broker, name, 1, () => {}),
      broker.openCalls({ onReply: () => {}, onReturn: () => {}, onLost: () => {} }),
    ]) {
      expect(await rejection(attempt)).to.have.property('code', 'CONNECTION_FAILED');
    }
  });

  it('brings a message with its body, properties and headers, and its reply back', async () => {
    const { name } = await declared();
    await consume(broker, name, 10, (delivery) => {
      const { replyTo = '', correlationId, headers } = delivery.properties;
      const body = Buffer.from(`${delivery.body} ${headers?.['x-kept']}`);
      delivery.reply(replyTo, { body, properties: { correlationId, contentType: 'text/plain' } });
      delivery.ack();
    });
    const { channel, replies } = await caller(await connect());
    request(channel, name, 'one');
    await until(() => replies.length === 1);
    expect(replies[0]?.body.toString()).to.equal('one yes');
    expect(replies[0]?.properties).to.include({ correlationId: 'one', contentType: 'text/plain' });
  });

  it('returns a message for a queue that does not exist, and still carries the next one', async () => {
    const { name } = await declared();
    await consume(broker, name, 10, (delivery) => answer(delivery, 'here'));
    const { channel, replies, returned } = await caller(broker);
    request(channel, unique('nobody'), 'lost');
    request(channel, name, 'found');
    await until(() => replies.length === 1 && returned.length === 1);
    expect(returned).to.deep.equal(['lost']);
  });

  it('keeps messages for a queue without a consumer', async () => {
    const { name } = await declared();
    const { channel, replies } = await caller(broker);
    request(channel, name, 'early');
    await pause(50);
    await consume(broker, name, 10, (delivery) => answer(delivery, 'late'));
    await until(() => replies.length === 1);
  });

  it('drops a message that has waited longer than its expiration', async () => {
    const { name } = await declared();
    const { channel, replies } = await caller(broker);
    request(channel, name, 'short', 20);
    request(channel, name, 'long');
    await pause(200);
    await consume(broker, name, 10, (delivery) => answer(delivery, delivery.body.toString()));
    await until(() => replies.length === 1);
    expect(replies[0]?.body.toString()).to.equal('long');
  });

  it('has no more unsettled deliveries out than the prefetch', async () => {
    const { name } = await declared();
    const held: Delivery[] = [];
    await consume(broker, name, 2, (delivery) => void held.push(delivery));
    const { channel } = await caller(broker);
    for (const text of ['a', 'b', 'c']) request(channel, name, text);
    await until(() => held.length === 2);
    await pause(50);
    expect(held).to.have.length(2);
    held[0]?.ack();
    await until(() => held.length === 3);
  });

  it('delivers again what was put back, and says so', async () => {
    const { name } = await declared();
    const seen: boolean[] = [];
    await consume(broker, name, 1, (delivery) => {
      seen.push(delivery.redelivered);
      if (delivery.redelivered) delivery.ack();
      else delivery.reject({ requeue: true });
    });
    const { channel } = await caller(broker);
    request(channel, name, 'again');
    await until(() => seen.length === 2);
    expect(seen).to.deep.equal([false, true]);
  });

  it('drops what was rejected without requeue', async () => {
    const { name } = await declared();
    let count = 0;
    await consume(broker, name, 1, (delivery) => {
      count += 1;
      delivery.reject({ requeue: false });
    });
    const { channel } = await caller(broker);
    request(channel, name, 'poison');
    request(channel, name, 'poison');
    await until(() => count === 2);
    await pause(50);
    expect(count).to.equal(2);
  });

  it('settles a delivery once, whatever is asked of it after that, and other deliveries do not suffer', async () => {
    const { name } = await declared();
    const { channel } = await caller(broker);
    const came: Delivery[] = [];
    await broker.consume({ queue: name, prefetch: 10, onDelivery: (delivery) => void came.push(delivery) });
    for (const text of ['held', 'acked', 'put back', 'dropped']) request(channel, name, text);
    await until(() => came.length === 4);
    const [, acked, returned, dropped] = came;
    acked?.ack();
    acked?.reject({ requeue: true });
    returned?.reject({ requeue: true });
    returned?.reject({ requeue: false });
    dropped?.reject({ requeue: false });
    dropped?.ack();
    await pause(20);
    for (const delivery of [acked, returned, dropped]) delivery?.ack();
    await until(() => came.length === 5);
    request(channel, name, 'next');
    await until(() => came.length === 6);
    expect(came.slice(4).map(({ body }) => body.toString())).to.deep.equal(['put back', 'next']);
    expect(came[0]?.isOpen).to.equal(true);
  });

  it('gives what a closed connection had not settled to another one', async () => {
    const { name } = await declared();
    const first = await connect();
    let isHeld = false;
    await consume(first, name, 1, () => {
      isHeld = true;
    });
    const { channel, replies } = await caller(broker);
    request(channel, name, 'kept');
    await until(() => isHeld);
    await consume(broker, name, 1, (delivery) => answer(delivery, String(delivery.redelivered)));
    await first.close();
    await until(() => replies.length === 1);
    expect(replies[0]?.body.toString()).to.equal('true');
  });

  it('brings nothing more to a cancelled consumer, whose deliveries can still be settled', async () => {
    const { name } = await declared();
    const held: Delivery[] = [];
    const consumer = await consume(broker, name, 1, (delivery) => void held.push(delivery));
    const { channel, replies } = await caller(broker);
    request(channel, name, 'first');
    await until(() => held.length === 1);
    await consumer.cancel();
    request(channel, name, 'second');
    await pause(50);
    expect(held).to.have.length(1);
    answer(held[0] as Delivery, 'done');
    await until(() => replies.length === 1);
  });

  it('shares the messages of a queue among its consumers', async () => {
    const { name } = await declared();
    const counts = [0, 0];
    for (const index of [0, 1]) {
      await consume(broker, name, 10, (delivery) => {
        counts[index] = (counts[index] ?? 0) + 1;
        delivery.ack();
      });
    }
    const { channel } = await caller(broker);
    for (let index = 0; index < 10; index += 1) request(channel, name, String(index));
    await until(() => (counts[0] ?? 0) + (counts[1] ?? 0) === 10);
    expect(counts).to.deep.equal([5, 5]);
  });

  it('returns messages for a queue that was deleted', async () => {
    const { name } = await declared();
    await broker.deleteQueue(name);
    await broker.deleteQueue(name);
    const { channel, returned } = await caller(broker);
    request(channel, name, 'gone');
    await until(() => returned.length === 1);
  });
}

function consume(broker: Broker, queue: string, prefetch: number, onDelivery: (delivery: Delivery) => void) {
  return broker.consume({ queue, prefetch, onDelivery });
}

function answer(delivery: Delivery, text: string): void {
  const { replyTo = '', correlationId } = delivery.properties;
  delivery.reply(replyTo, { body: Buffer.from(text), properties: { correlationId } });
  delivery.ack();
}
