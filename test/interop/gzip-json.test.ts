import { gunzipSync, gzipSync } from 'node:zlib';
import { connect } from 'amqplib';
import { RemoteError, Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { pythonFor } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { rabbitUrl, startPeer } from './peer.js';

describe('services written with amqp_worker', function () {
  this.timeout(60_000);
  const service = (options = {}) => autoClose(new Service({ url: rabbitUrl(), logger: silentLogger, ...options }));

  describe('on aio-pika', () => {
    let python: string;

    before(function () {
      python = pythonFor(this, 'aio_pika', 'python3-aio-pika');
    });

    it('serve ours, which get what is in the answer', async () => {
      const prefix = unique('aio.');
      // Theirs declare no dead-letter exchange here: ours must not mind a queue that is there already.
      const worker = startPeer(python, 'aio_worker.py', rabbitUrl(), prefix);
      expect(await worker.next()).to.equal('ready');
      const api = service();
      const call = (route: string, body: unknown) =>
        api.call(`${prefix}${route}`, body, { protocol: 'gzip-json', timeoutMs: 10_000 });
      expect(await call('echo', { a: 'héllo', b: null })).to.deep.equal({ a: 'héllo', b: null });
      expect(await call('echo', null)).to.equal(null);
      const error = (await rejection(call('fail', 1))) as RemoteError;
      expect(error).to.be.instanceOf(RemoteError);
      expect(error.remote).to.deep.equal({ code: 'ValueError', message: "ValueError('boom')" });
      const job = api.jobTask(`${prefix}job`, { protocol: 'gzip-json' })(() => {});
      await job.enqueue({ n: 1 });
      expect(JSON.parse(await worker.next())).to.deep.equal({ n: 1 });
    });

    it('call ours, and send jobs to ours', async () => {
      const [route, jobs] = [unique('ours'), unique('ours.jobs')];
      const worker = service();
      const seen: unknown[] = [];
      worker.rpcTask(route, { protocol: 'gzip-json' })((body: unknown) => {
        if (body === 'boom') throw new Error('no such user');
        return { got: body };
      });
      worker.jobTask(jobs, { protocol: 'gzip-json' })((body: unknown) => void seen.push(body));
      await worker.start();
      const client = startPeer(python, 'aio_client.py', rabbitUrl());
      expect(await client.ask(`call\t${route}\t{"a": 1}`)).to.deep.equal({ success: true, data: { got: { a: 1 } } });
      expect(await client.ask(`call\t${route}\t"boom"`)).to.deep.equal({
        success: false,
        error: { type: 'HANDLER_FAILED', message: 'no such user', args: ['no such user'], trace: '' },
      });
      expect(await client.ask(`job\t${jobs}\t[1, 2]`)).to.equal('sent');
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal([[1, 2]]);
    });
  });

  describe('as its README shows them', () => {
    it('a bare text of a queue, and a call without a type', async () => {
      const [route, queue] = [unique('a-route'), unique('a-queue')];
      const worker = service();
      const seen: unknown[] = [];
      worker.rpcTask(route, { protocol: 'gzip-json' })((data) => `data received ${data}`);
      worker.jobTask(queue, { protocol: 'gzip-json' })((data: unknown) => void seen.push(data));
      await worker.start();
      const model = await connect(rabbitUrl());
      const channel = await model.createChannel();
      channel.sendToQueue(queue, gzipSync('"a test message"'));
      channel.sendToQueue(queue, Buffer.from('{"data": 5}'));
      await until(() => seen.length === 2);
      expect(seen).to.deep.equal(['a test message', 5]);
      const replies = await channel.assertQueue('', { exclusive: true });
      const reply = new Promise<{ body: unknown; type: unknown }>((resolve) => {
        void channel.consume(replies.queue, (message) => {
          if (!message) return;
          resolve({ body: JSON.parse(gunzipSync(message.content).toString()), type: message.properties.type });
        });
      });
      channel.sendToQueue(route, gzipSync('{"data": "a message"}'), { replyTo: replies.queue, correlationId: '1' });
      expect(await reply).to.deep.equal({ body: { success: true, data: 'data received a message' }, type: 'result' });
      const api = service();
      expect(await api.call(route, 'x', { protocol: 'gzip-json' })).to.equal('data received x');
      await model.close();
    });

    it('a bomb is refused with the limit, and costs nothing else', async () => {
      const route = unique('bomb');
      const worker = service({ maxBodyBytes: 1_000_000 });
      worker.rpcTask(route, { protocol: 'gzip-json' })((data) => data);
      await worker.start();
      const model = await connect(rabbitUrl());
      const channel = await model.createChannel();
      const replies = await channel.assertQueue('', { exclusive: true });
      const reply = new Promise<string>((resolve) => {
        void channel.consume(replies.queue, (message) => message && resolve(gunzipSync(message.content).toString()));
      });
      const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
      channel.sendToQueue(route, bomb, { replyTo: replies.queue, correlationId: '1' });
      expect(await reply)
        .to.contain('BODY_TOO_LARGE')
        .and.to.contain('1000000');
      expect(await worker.call(route, 'still here')).to.equal('still here');
      await model.close();
    });
  });
});
