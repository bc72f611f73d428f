/** What a call costs, in counts that are the same on every machine. Times are in `docs/performance.md`. */
import { createHook } from 'node:async_hooks';
import { expect } from 'chai';
import { Service } from '../../lib/index.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { SocketWrites } from './socket-writes.js';

const CALLS = 100;

describe('the cost of a call', () => {
  let route: string;
  let caller: Service;
  const call = (body: unknown) => caller.call(route, body);
  const oneByOne = async (body: unknown) => {
    for (let i = 0; i < CALLS; i += 1) await call(body);
  };

  beforeEach(async () => {
    route = unique('cost');
    const worker = autoClose(new Service({ url: rabbitUrl() }));
    worker.rpcTask(route)((body) => body);
    await worker.start();
    caller = autoClose(new Service({ url: rabbitUrl() }));
    await call(0);
  });

  it('is one write of the caller, and one of the worker for reply and ack', async () => {
    using writes = new SocketWrites(rabbitUrl());
    await oneByOne(1);
    expect(writes.count).to.equal(2 * CALLS);
  });

  it('is a few writes of the caller for all calls of a turn', async () => {
    using writes = new SocketWrites(rabbitUrl());
    const answers = Promise.all(Array.from({ length: CALLS }, call));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve))); // amqplib writes in the next turn
    const sent = writes.count;
    await answers;
    expect(sent).to.be.within(1, 4); // amqplib pauses where the socket holds more than it wants to
    expect(writes.count).to.be.below(CALLS); // that of the worker depends on how the broker divides the requests
  });

  it('is at most 600 bytes beside the bodies, which travel once each way', async () => {
    using writes = new SocketWrites(rabbitUrl());
    await call(0);
    const body = 'x'.repeat(10_000);
    const [written, read] = [writes.bytesWritten, writes.bytesRead];
    await oneByOne(body);
    expect((writes.bytesWritten - written) / CALLS).to.be.within(2 * body.length, 2 * body.length + 600);
    expect((writes.bytesRead - read) / CALLS).to.be.within(2 * body.length, 2 * body.length + 600);
  });

  it('is one timer and a few promises', async () => {
    const made: Record<string, number> = {};
    const init = (_id: number, type: string) => {
      made[type] = (made[type] ?? 0) + 1;
    };
    const hook = createHook({ init }).enable();
    await oneByOne(1);
    hook.disable();
    expect(made.Timeout).to.be.within(CALLS, CALLS + 5); // now and then one of Node's own
    expect((made.PROMISE ?? 0) / CALLS).to.be.below(6); // caller, worker and this test
  });
});
