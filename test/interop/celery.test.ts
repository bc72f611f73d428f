import { connect } from 'amqplib';
import { contract, RemoteError, Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { pythonFor } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { type Peer, rabbitUrl, startPeer } from './peer.js';

abstract class Calc {
  abstract add(a: number, b: number): number;
  abstract twice(a: number): number;
}

describe('services written with Celery', function () {
  this.timeout(60_000);
  let python: string;
  let queue: string;

  before(function () {
    python = pythonFor(this, 'celery', 'python3-celery');
  });

  beforeEach(() => {
    queue = unique('celery');
  });

  const service = () => autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));

  describe('serve ours', () => {
    let worker: Peer;
    let api: Service;

    beforeEach(async () => {
      worker = startPeer(python, 'celery_worker.py', rabbitUrl(), queue);
      while ((await worker.next()) !== 'ready') expect(worker.isAlive).to.equal(true); // its banner
      api = service();
    });

    const call = (route: string, body?: unknown, timeoutMs = 10_000) =>
      api.call(route, body, { protocol: 'celery', queue, timeoutMs });

    it('which get results, by position and by name, and errors with their class', async () => {
      expect(await call('peer.add', { args: [1, 2] })).to.equal(3);
      expect(await call('peer.add', { args: [1] })).to.equal(11);
      expect(await call('peer.add', { args: [], kwargs: { a: 1, b: 5 } })).to.equal(6);
      expect(await call('peer.echo', { args: ['héllo', null, { a: [1.5] }], kwargs: { k: true } })).to.deep.equal({
        args: ['héllo', null, { a: [1.5] }],
        kwargs: { k: true },
      });
      const error = (await rejection(call('peer.fail'))) as RemoteError;
      expect(error).to.be.instanceOf(RemoteError);
      expect(error.remote).to.deep.equal({ code: 'ValueError', message: 'boom, 42' });
      expect(((await rejection(call('peer.nobody'))) as RemoteError).remote.code).to.equal('NotRegistered');
      expect(worker.isAlive).to.equal(true);
    });

    it('through a shared interface, as celery-abc has it: by name alone', async () => {
      const calc = contract(Calc, 'Calc', { add: ['a', 'b'], twice: ['a'] });
      const remote = api.remote(calc, { protocol: 'celery', queue, timeoutMs: 10_000 });
      expect(await remote.add(4, 3)).to.equal(7);
      expect(await remote.twice(4)).to.equal(8);
    });

    it('are not sent a body that is no list of arguments', async () => {
      expect(await rejection(call('peer.add', [1, 2]))).to.have.property('code', 'USAGE');
    });
  });

  describe('call ours', () => {
    let client: Peer;
    const ask = (task: string, more: object = {}) => client.ask(JSON.stringify({ task, ...more }));

    beforeEach(async () => {
      const worker = service();
      worker.rpcTask('ours.add', { protocol: 'celery', queue, params: ['a', 'b'] })(
        (a: number, b: number | undefined) => a + (b ?? 10),
      );
      worker.rpcTask('ours.fail', { protocol: 'celery', queue })(() => {
        throw Object.assign(new Error('no such row'), { code: 'LookupError' });
      });
      const calc = contract(Calc, 'Calc', { add: ['a', 'b'], twice: ['a'] });
      worker.serve(
        calc,
        class {
          add(a: number, b: number) {
            return this.twice(a) - a + b;
          }
          twice(a: number) {
            return 2 * a;
          }
        },
        { protocol: 'celery', queue },
      );
      await worker.start();
      client = startPeer(python, 'celery_client.py', rabbitUrl(), queue);
    });

    it('and get results, and errors as classes of theirs', async () => {
      expect(await ask('ours.add', { args: [1, 2] })).to.deep.equal({ value: 3 });
      expect(await ask('ours.add', { kwargs: { a: 1 } })).to.deep.equal({ value: 11 });
      expect(await ask('Calc.add', { kwargs: { a: 4, b: 3 } })).to.deep.equal({ value: 7 });
      expect(await ask('ours.fail')).to.deep.equal({ error: 'LookupError', message: 'no such row' });
      const wrong = (await ask('ours.add', { kwargs: { c: 1 } })) as { message: string };
      expect(wrong.message).to.contain('"c"').and.to.contain('a, b');
      expect(await ask('ours.nobody')).to.include({ error: 'NotRegistered' });
    });

    it('later, with a countdown', async () => {
      const start = Date.now();
      expect(await ask('ours.add', { args: [1, 2], options: { countdown: 2 } })).to.deep.equal({ value: 3 });
      expect(Date.now() - start).to.be.greaterThan(1900);
    });

    it('and learn that a task has expired', async () => {
      const past = new Date(Date.now() - 5000).toISOString().replace('Z', '+00:00');
      const answer = (await ask('ours.add', { args: [1, 2], options: { expires: past } })) as { error: string };
      expect(answer.error).to.equal('TaskRevokedError');
    });
  });

  it('send nothing that ends a worker of ours', async () => {
    const worker = service();
    worker.rpcTask('ours.ping', { protocol: 'celery', queue })(() => 'pong');
    await worker.start();
    const model = await connect(rabbitUrl());
    const channel = await model.createConfirmChannel();
    const headers = { task: 'ours.ping', id: 'x' };
    for (const [body, properties] of [
      ['[]', { headers, contentType: 'application/json' }],
      ['[[], {}]', { headers }],
      ['not json', { headers, contentType: 'application/json' }],
      ['[[], {}, {}]', { headers: { task: 'ours.ping' } }],
      ['[[], {}, {}]', { headers: { task: 5, id: {} } }],
      ['{"task": "ours.ping", "id": "p1", "args": [], "kwargs": {}}', {}],
      ['', {}],
      ['[1, 2, 3]', { headers, replyTo: 'nobody', correlationId: 'c' }],
    ] as const) {
      channel.publish('', queue, Buffer.from(body), properties);
    }
    await channel.waitForConfirms();
    expect(await worker.call('ours.ping', undefined, { timeoutMs: 5000, queue })).to.equal('pong');
    const { messageCount } = await channel.checkQueue(queue);
    expect(messageCount).to.equal(0);
    await model.close();
  });
});
