import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { MemoryBroker } from '../../lib/broker/memory/broker.js';
import { silentLogger } from '../../lib/logger.js';
import type { Settings } from '../../lib/settings/settings.js';
import { Cancellations } from '../../lib/worker/cancellations.js';
import { Dedupe } from '../../lib/worker/dedupe.js';
import { DeliveryContext } from '../../lib/worker/delivery-context.js';
import { Gate } from '../../lib/worker/gate.js';
import { Lane, prefetchOf } from '../../lib/worker/lane.js';
import { RateLimit } from '../../lib/worker/rate-limit.js';
import { RunningHandlers } from '../../lib/worker/running-handlers.js';
import type { WorkerParts } from '../../lib/worker/worker.js';
import { autoClose } from '../support/auto-close.js';

describe('Gate', () => {
  it('starts the urgent first, each line in its order', () => {
    const gate = new Gate(1);
    const started: string[] = [];
    gate.enter(() => started.push('running'));
    for (const name of ['a', 'b']) gate.enter(() => started.push(name));
    for (const name of ['urgent a', 'urgent b']) gate.enter(() => started.push(name), true);
    for (let n = 0; n < 4; n += 1) gate.leave();
    expect(started).to.deep.equal(['running', 'urgent a', 'urgent b', 'a', 'b']);
    expect(gate.running).to.equal(1);
  });

  it('lets everybody in once it is open', () => {
    const gate = new Gate(1);
    let started = 0;
    const start = () => {
      started += 1;
    };
    for (let n = 0; n < 3; n += 1) gate.enter(start);
    gate.open();
    gate.enter(start);
    expect([started, gate.running]).to.deep.equal([4, 4]);
  });
});

describe('RateLimit', () => {
  it('never lets more than max start within perMs, wherever that begins', () => {
    let now = 0;
    const rate = new RateLimit({ max: 3, perMs: 100 }, () => now);
    const starts: number[] = [];
    for (now = 0; now < 1000; now += 7) while (rate.take()) starts.push(now);
    expect(starts).to.have.length.above(20);
    for (const [index, start] of starts.entries()) {
      expect((starts[index + 3] ?? Infinity) - start, `start ${index}`).to.be.at.least(100);
    }
  });

  it('calls those that wait once it is open, and counts no more', () => {
    const rate = new RateLimit({ max: 1, perMs: 600_000 });
    const ready: string[] = [];
    expect([rate.take(), rate.take()]).to.deep.equal([true, false]);
    rate.wait(() => ready.push('a'));
    rate.wait(() => ready.push('urgent'), true);
    expect(ready).to.deep.equal([]);
    rate.open();
    expect(ready).to.deep.equal(['urgent', 'a']);
    expect(rate.take()).to.equal(true);
  });
});

describe('Lane', () => {
  it('gives room back to other tasks while it waits for its rate', () => {
    const shared = new Gate(1);
    const rated = new Lane(shared, 10, { max: 1, perMs: 600_000 });
    const other = new Lane(shared, 10, undefined);
    const started: string[] = [];
    rated.enter(() => started.push('rated 1'), false);
    rated.enter(() => started.push('rated 2'), false);
    other.enter(() => started.push('other'), false);
    rated.leave();
    expect(started).to.deep.equal(['rated 1', 'other']);
    rated.open();
    other.leave();
    expect(started).to.deep.equal(['rated 1', 'other', 'rated 2']);
  });

  for (const [concurrency, rateLimit, prefetch] of [
    [1, undefined, 1],
    [100, undefined, 110],
    [100, { max: 1, perMs: 600_000 }, 1],
    [100, { max: 5, perMs: 1000 }, 110],
  ] as const) {
    it(`holds ${prefetch} for a concurrency of ${concurrency} and ${JSON.stringify(rateLimit)}`, () => {
      expect(prefetchOf(concurrency, rateLimit)).to.equal(prefetch);
    });
  }
});

describe('Dedupe', () => {
  it('knows the newest ids alone', async () => {
    const dedupe = new Dedupe(2);
    const done = async () => true;
    for (const id of ['a', 'b', 'c']) await dedupe.once(id, done);
    expect([await dedupe.once('c', done), await dedupe.once('b', done)]).to.deep.equal([false, false]);
    expect(await dedupe.once('a', done)).to.equal(true);
  });

  it('runs an id again whose run failed or threw', async () => {
    const dedupe = new Dedupe();
    await dedupe.once('a', async () => false);
    await dedupe.once('a', () => Promise.reject(new Error('x'))).catch(() => {});
    expect(await dedupe.once('a', async () => true)).to.equal(true);
    expect(await dedupe.once('a', async () => true)).to.equal(false);
  });
});

describe('Cancellations', () => {
  const parts = { settings: {} as Settings, running: new RunningHandlers() } as WorkerParts;
  const job = (messageId: string, sentAt?: number) => {
    return {
      messageId,
      sentAt,
      attempt: 1,
      correlationId: undefined,
      replyTo: undefined,
      deadline: undefined,
      caller: {},
    };
  };

  it('knows the newest commands alone, for seven days', () => {
    const cancellations = new Cancellations(parts, 2);
    const now = Date.now();
    for (const id of ['a', 'b', 'c']) cancellations.cancel({ route: 'r', id, at: now });
    cancellations.cancel({ route: 'r', id: 'b', at: now - 8 * 86_400_000 });
    const known = ['a', 'b', 'c'].map((id) => cancellations.isCancelled('r', job(id)));
    expect(known).to.deep.equal([false, false, true]);
  });

  it('means jobs that were sent before', () => {
    const cancellations = new Cancellations(parts);
    const at = Date.now();
    cancellations.cancel({ route: 'r', id: 'a', at });
    expect(cancellations.isCancelled('r', job('a', at - 1000))).to.equal(true);
    expect(cancellations.isCancelled('r', job('a', at + 1000))).to.equal(false);
    expect(cancellations.isCancelled('other', job('a'))).to.equal(false);
  });

  it('does not mean a later job of its id when a command is read again after a loss', () => {
    const running = new RunningHandlers();
    const cancellations = new Cancellations({ ...parts, running });
    const run = () => running.add(new DeliveryContext('r', job('a'), false, silentLogger));
    const command = { route: 'r', id: 'a', at: Date.now() };
    const first = run();
    cancellations.cancel(command);
    expect(first.signal.aborted).to.equal(true);
    first.end();
    const later = run();
    cancellations.cancel(command);
    expect(later.signal.aborted).to.equal(false);
    cancellations.cancel({ ...command, at: command.at + 5000 });
    expect(later.signal.aborted).to.equal(true);
  });

  it('leaves no consumer behind where it cannot be told whether all was read', async () => {
    const broker = autoClose(new MemoryBroker(`memory://${randomUUID()}`));
    const settings = { serviceName: 'cancelling', logger: silentLogger } as Settings;
    const cancellations = new Cancellations({ ...parts, settings, broker });
    const consumers = async () => (await broker.inspect('cancelling.control'))?.consumers;
    const publish = broker.publish.bind(broker);
    broker.publish = () => Promise.reject(new Error('no room'));
    await cancellations.serve('one');
    await cancellations.serve('two');
    expect(await consumers()).to.equal(0);
    broker.publish = publish;
    await cancellations.serve('three');
    expect(await consumers()).to.equal(1);
  });
});
