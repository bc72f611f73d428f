import { expect } from 'chai';
import { unique } from '../../support/brokers.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';
import { consume, declare, failureOf, openChannel, send, texts } from './raw.js';

describe('facts of publishing', () => {
  it('a mandatory message to a missing queue is returned first, then confirmed as if it were safe', async () => {
    const channel = await openChannel();
    const seen: string[] = [];
    channel.on('return', ({ fields }) => seen.push(`return ${(fields as unknown as { replyCode: number }).replyCode}`));
    await send(channel, unique('missing'), 'x', { mandatory: true }).then(() => seen.push('confirm'));
    expect(seen).to.deep.equal(['return 312', 'confirm']);
  });

  it('a message to a missing queue that is not mandatory is confirmed, and nobody learns of it', async () => {
    await send(await openChannel(), unique('missing'));
  });

  it('one publish to a missing exchange closes the channel, and fails what is not confirmed yet', async () => {
    const channel = await openChannel();
    const queue = await declare(channel);
    const failed = failureOf(channel);
    channel.publish(unique('missing'), 'x', Buffer.from('x'));
    const confirm = send(channel, queue);
    expect((await failed).code).to.equal(404);
    await rejection(confirm);
  });

  it('a fractional expiration closes the channel', async () => {
    const channel = await openChannel();
    const failed = failureOf(channel);
    channel.sendToQueue(await declare(channel), Buffer.from('x'), { expiration: '12.5' });
    expect((await failed).message).to.contain('expiration');
  });

  it('an expiration of 0 drops the message silently when nobody is ready', async () => {
    const channel = await openChannel();
    const queue = await declare(channel);
    await send(channel, queue, 'dropped', { expiration: '0' });
    await send(channel, queue, 'kept');
    const got = await consume(channel, queue);
    await until(() => got.length === 1);
    expect(texts(got)).to.deep.equal(['kept']);
  });

  it('a routing key over 255 bytes throws before anything is sent', async () => {
    const channel = await openChannel();
    expect(() => channel.publish('', 'é'.repeat(128), Buffer.from('x'))).to.throw('routingKey');
  });

  it('an auto_delete exchange goes with its last binding, and the next publish closes the channel', async () => {
    const channel = await openChannel();
    const exchange = unique('vanishing');
    await channel.assertExchange(exchange, 'topic', { durable: true, autoDelete: true });
    const queue = await declare(channel);
    await channel.bindQueue(queue, exchange, '#');
    await channel.unbindQueue(queue, exchange, '#');
    const failed = failureOf(channel);
    channel.publish(exchange, 'x', Buffer.from('x'));
    expect((await failed).code).to.equal(404);
  });

  it('a message that a full queue refuses is a failed confirm', async () => {
    const channel = await openChannel();
    const limits = { 'x-queue-type': 'classic', 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    const queue = await declare(channel, limits);
    await send(channel, queue);
    expect(String(await rejection(send(channel, queue)))).to.contain('nacked');
  });
});
