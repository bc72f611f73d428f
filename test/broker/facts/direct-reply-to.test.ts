import type { ConfirmChannel, Message } from 'amqplib';
import { expect } from 'chai';
import { unique } from '../../support/brokers.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';
import { consume, declare, failureOf, openChannel, send, texts } from './raw.js';

const REPLY_TO = 'amq.rabbitmq.reply-to';

describe('facts of direct reply-to', () => {
  /** A channel that takes replies. */
  const caller = async () => {
    const channel = await openChannel();
    return { channel, replies: await consume(channel, REPLY_TO, { noAck: true }) };
  };

  const ask = (channel: ConfirmChannel, queue: string) =>
    channel.sendToQueue(queue, Buffer.from('?'), { correlationId: '7', replyTo: REPLY_TO, mandatory: true });

  it('brings a reply that is sent as mandatory, from another connection', async () => {
    const { channel, replies } = await caller();
    const worker = await openChannel();
    const queue = await declare(worker);
    const requests = await consume(worker, queue);
    ask(channel, queue);
    await until(() => requests.length === 1);
    const address = requests[0]?.properties.replyTo as string;
    expect(address).to.match(/^amq\.rabbitmq\.reply-to\../);
    expect((await worker.checkQueue(address)).queue).to.equal(address); // while the caller lives
    await send(worker, address, 'answer', { mandatory: true, persistent: false });
    await until(() => replies.length === 1);
    expect(texts(replies)).to.deep.equal(['answer']);
  });

  it('keeps the correlation id of a returned request, and rewrites its reply address', async () => {
    const { channel } = await caller();
    const returned: Message[] = [];
    channel.on('return', (message) => returned.push(message));
    ask(channel, unique('missing'));
    await until(() => returned.length === 1);
    expect(returned[0]?.properties.correlationId).to.equal('7');
    expect(returned[0]?.properties.replyTo).to.not.equal(REPLY_TO);
  });

  it('returns a reply to a caller that is gone, whose address a passive declare does not find', async () => {
    const { channel } = await caller();
    const worker = await openChannel();
    const queue = await declare(worker);
    const requests = await consume(worker, queue);
    ask(channel, queue);
    await until(() => requests.length === 1);
    await channel.close();
    const address = requests[0]?.properties.replyTo as string;
    let isReturned = false;
    worker.on('return', () => {
      isReturned = true;
    });
    await send(worker, address, 'late', { mandatory: true });
    expect(isReturned).to.equal(true);
    expect(await rejection(worker.checkQueue(address))).to.have.property('code', 404);
  });

  it('returns a mandatory reply that has arrived as well, so that a return tells nothing', async () => {
    const { channel, replies } = await caller();
    const worker = await openChannel();
    const queue = await declare(worker);
    const requests = await consume(worker, queue);
    ask(channel, queue);
    await until(() => requests.length === 1);
    const returned: Message[] = [];
    worker.on('return', (message) => returned.push(message));
    await send(worker, requests[0]?.properties.replyTo as string, 'answer', { mandatory: true });
    await until(() => replies.length === 1 && returned.length === 1);
    expect(returned[0]?.content.toString()).to.equal('answer');
  });

  it('closes a channel that asks and has no reply consumer of its own', async () => {
    const other = await openChannel();
    const failed = failureOf(other);
    ask(other, await declare(other));
    expect((await failed).code).to.equal(406);
  });

  it('closes a channel that consumes replies twice, or with acknowledgements', async () => {
    const { channel } = await caller();
    expect(await rejection(channel.consume(REPLY_TO, () => {}, { noAck: true }))).to.have.property('code', 406);
    const acking = await openChannel();
    expect(await rejection(acking.consume(REPLY_TO, () => {}))).to.have.property('code', 406);
  });
});
