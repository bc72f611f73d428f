import { expect } from 'chai';
import { unique } from '../../support/brokers.js';
import { rejection } from '../../support/rejection.js';
import { pause } from '../../support/until.js';
import { declare, openChannel, openRaw, send } from './raw.js';

describe('facts of declaring', () => {
  it('a queue with other arguments is 406 to a declaration and is there for a passive one', async () => {
    const model = await openRaw();
    const queue = await declare(await openChannel(model), { 'x-queue-type': 'classic' });
    const error = await rejection((await openChannel(model)).assertQueue(queue, { durable: true }));
    expect(error).to.have.property('code', 406);
    expect(String(error)).to.contain("inequivalent arg 'x-expires'").and.to.contain(queue);
    expect((await (await openChannel(model)).checkQueue(queue)).queue).to.equal(queue);
  });

  it('a queue that is exclusive to another connection is 405', async () => {
    const queue = unique('exclusive');
    await (await openChannel()).assertQueue(queue, { exclusive: true });
    expect(await rejection((await openChannel()).checkQueue(queue))).to.have.property('code', 405);
  });

  it('a queue that does not exist is 404 to a passive declaration, and a deletion of it is none', async () => {
    const channel = await openChannel();
    await channel.deleteQueue(unique('missing'));
    expect(await rejection(channel.checkQueue(unique('missing')))).to.have.property('code', 404);
  });

  it('`x-queue-type: classic` equals no argument, both ways', async () => {
    const channel = await openChannel();
    const [named, plain] = [unique('named'), unique('plain')];
    const classic = { durable: true, arguments: { 'x-queue-type': 'classic' } };
    await channel.assertQueue(named, classic);
    await channel.assertQueue(named, { durable: true });
    await channel.assertQueue(plain, { durable: true });
    await channel.assertQueue(plain, classic);
    for (const queue of [named, plain]) await channel.deleteQueue(queue);
  });

  for (const [what, options] of [
    ['prioritised', { arguments: { 'x-max-priority': 2 } }],
    ['exclusive', { exclusive: true }],
    ['not durable', { durable: false }],
  ] as const) {
    it(`a quorum queue that is ${what} is refused`, async () => {
      const channel = await openChannel();
      const given = 'arguments' in options ? options.arguments : {};
      const declaring = channel.assertQueue(unique('quorum'), {
        durable: true,
        ...options,
        arguments: { ...given, 'x-queue-type': 'quorum' },
      });
      expect(await rejection(declaring)).to.have.property('code', 406);
    });
  }

  it('`x-expires` takes an unused queue away, however much is published to it', async () => {
    const channel = await openChannel();
    const queue = await declare(channel, { 'x-queue-type': 'classic', 'x-expires': 300 });
    let isGone = false;
    channel.on('return', () => {
      isGone = true;
    });
    while (!isGone) {
      await send(channel, queue, 'x', { mandatory: true });
      await pause(10);
    }
  });

  it('a passive declaration renews `x-expires`', async () => {
    const channel = await openChannel();
    const queue = await declare(channel, { 'x-queue-type': 'classic', 'x-expires': 500 });
    for (const startedAt = Date.now(); Date.now() - startedAt < 1500; await pause(20)) await channel.checkQueue(queue);
  });

  it('a consumer keeps a queue with `x-expires`', async () => {
    const channel = await openChannel();
    const queue = await declare(channel, { 'x-queue-type': 'classic', 'x-expires': 100 });
    await channel.consume(queue, () => {});
    await pause(300);
    await send(channel, queue);
    expect((await channel.checkQueue(queue)).consumerCount).to.equal(1);
  });

  it('a TTL of 2^29 s is refused, one of 2^21 s is not', async () => {
    const channel = await openChannel();
    await declare(channel, { 'x-queue-type': 'quorum', 'x-message-ttl': 2 ** 21 * 1000 });
    const declaring = declare(channel, { 'x-queue-type': 'quorum', 'x-message-ttl': 2 ** 29 * 1000 });
    expect(await rejection(declaring)).to.have.property('code', 406);
  });
});
