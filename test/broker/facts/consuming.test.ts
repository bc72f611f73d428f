import { expect } from 'chai';
import { rejection } from '../../support/rejection.js';
import { pause, until } from '../../support/until.js';
import { consume, declare, openChannel, openRaw, send, texts } from './raw.js';

describe('facts of consuming', () => {
  it('a null delivery comes when the queue is deleted', async () => {
    const channel = await openChannel();
    const queue = await declare(channel);
    const got = await consume(channel, queue);
    await (await openChannel()).deleteQueue(queue);
    await until(() => got.length === 1);
    expect(got).to.deep.equal([null]);
    await send(channel, await declare(channel)); // the channel lives on
  });

  it('no null delivery comes when the channel or the connection is lost', async () => {
    const model = await openRaw();
    const channel = await openChannel(model);
    const got = await consume(channel, await declare(channel));
    await rejection(channel.checkQueue('missing'));
    await model.close();
    await pause(50);
    expect(got).to.deep.equal([]);
  });

  it('a single active consumer is followed by the next one', async () => {
    const channel = await openChannel();
    const [first, second] = [await openChannel(), await openChannel()];
    const queue = await declare(channel, { 'x-queue-type': 'quorum', 'x-single-active-consumer': true });
    const [active, waiting] = [await consume(first, queue), await consume(second, queue)];
    await send(channel, queue, 'one');
    await until(() => active.length === 1);
    await pause(50);
    expect(waiting).to.deep.equal([]);
    await first.close();
    await until(() => waiting.length === 1);
    expect(waiting[0]?.fields.redelivered).to.equal(true);
    await send(channel, queue, 'two');
    await until(() => waiting.length === 2);
    expect(texts(waiting)).to.deep.equal(['one', 'two']);
  });

  it('a stream is replayed from its first message by each reader, and then followed', async () => {
    const channel = await openChannel();
    const queue = await declare(channel, { 'x-queue-type': 'stream', 'x-max-age': '7D', 'x-expires': undefined });
    for (const text of ['one', 'two']) await send(channel, queue, text);
    for (let reader = 0; reader < 2; reader += 1) {
      const reading = await openChannel();
      await reading.prefetch(10);
      const got = await consume(reading, queue, { arguments: { 'x-stream-offset': 'first' } });
      await until(() => got.length >= 2 + reader);
      expect(texts(got).slice(0, 2)).to.deep.equal(['one', 'two']);
      await send(channel, queue, 'more');
      await until(() => got.length === 3 + reader);
    }
    await channel.deleteQueue(queue);
  });

  for (const type of ['classic', 'quorum'] as const) {
    it(`a reject with requeue brings a ${type} message again, marked as redelivered`, async () => {
      const channel = await openChannel();
      const queue = await declare(channel, { 'x-queue-type': type });
      const got = await consume(channel, queue);
      await send(channel, queue);
      await until(() => got.length === 1);
      channel.reject(got[0] as never, true);
      await until(() => got.length === 2);
      expect(got.map((message) => message?.fields.redelivered)).to.deep.equal([false, true]);
    });
  }
});
