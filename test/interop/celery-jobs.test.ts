import { connect } from 'amqplib';
import { currentCaller, currentTask, Service } from 'bgtasks';
import { expect } from 'chai';
import { runAs } from '../../lib/caller.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { pythonFor } from '../support/python.js';
import { until } from '../support/until.js';
import { rabbitUrl, startPeer } from './peer.js';

describe('jobs of Celery and of klue', function () {
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

  describe('sent by ours to a Celery worker', () => {
    const started = async () => {
      const worker = startPeer(python, 'celery_jobs.py', rabbitUrl(), queue);
      while ((await worker.next()) !== 'ready') expect(worker.isAlive).to.equal(true); // its banner
      const next = async () => JSON.parse(await worker.next()) as Record<string, unknown>;
      return { worker, next, api: service() };
    };

    it('run with their arguments, at once, later, and not when they have expired', async () => {
      const { next, worker, api } = await started();
      const enqueue = (body: unknown, options = {}) =>
        api.enqueue('celery.job', body, { protocol: 'celery', queue, ...options });
      await enqueue({ args: [1, 'é'], kwargs: { k: null } });
      expect(await next()).to.deep.include({ args: [1, 'é'], kwargs: { k: null }, retries: 0, eta: null });
      const sentAt = Date.now();
      await enqueue({ args: ['later'] }, { delayMs: 2345 });
      const later = await next();
      expect(later.args).to.deep.equal(['later']);
      // Celery would read a fraction of three digits as microseconds, and start up to a second early.
      expect((later.at as number) * 1000 - sentAt).to.be.above(2300);
      await enqueue({ args: ['expired'] }, { expiresMs: 1, delayMs: 500 });
      await enqueue({ args: ['last'] }, { runAt: new Date(Date.now() + 1000) });
      expect((await next()).args).to.deep.equal(['last']);
      expect(worker.isAlive).to.equal(true);
    });

    it('have the magic word, the URL and the token of klue before their arguments', async () => {
      const { next, api } = await started();
      const mail = api.asyncTask('klue.mail', { protocol: 'klue', queue })(async (..._args: unknown[]) => {});
      const caller = { url: 'http://svc.example/v1/user?x=1', token: 'tok-123' };
      await runAs(caller, () => mail('a@b.c', [{ name: 'Tom', __pymacaron_model_name: 'User' }]));
      expect(await next()).to.deep.include({
        ...caller,
        magic: true,
        args: ['a@b.c', [{ name: 'Tom', __pymacaron_model_name: 'User' }]],
        kwargs: {},
      });
      await mail.after(1000, 'x'); // for nobody
      expect(await next()).to.deep.include({ magic: true, url: '', token: null, args: ['x'] });
    });
  });

  describe('sent by Celery to ours', () => {
    it('run beside calls of the same queue, answer who waits, and leave nothing behind', async () => {
      const worker = service();
      const seen: unknown[] = [];
      worker.rpcTask('ours.call', { protocol: 'celery', queue })((a: number) => a + 1);
      worker.jobTask('ours.job', { protocol: 'celery', queue, params: ['a', 'b'], attempts: 1 })((a, b) => {
        seen.push([a, b]);
        if (a === 'boom') throw Object.assign(new Error('no such row'), { code: 'LookupError' });
        return { a, b: b ?? null };
      });
      await worker.start();
      const client = startPeer(python, 'celery_client.py', rabbitUrl(), queue);
      const ask = (task: string, more: object = {}) => client.ask(JSON.stringify({ task, ...more }));
      expect(await ask('ours.job', { args: [1], kwargs: { b: 2 } })).to.deep.equal({ value: { a: 1, b: 2 } });
      expect(await ask('ours.call', { args: [1] })).to.deep.equal({ value: 2 });
      const sentAt = Date.now();
      expect(await ask('ours.job', { args: ['later'], options: { countdown: 2 } })).to.deep.equal({
        value: { a: 'later', b: null },
      });
      expect(Date.now() - sentAt).to.be.above(1900);
      expect(await ask('ours.job', { args: ['boom'] })).to.deep.equal({ error: 'LookupError', message: 'no such row' });
      const past = new Date(Date.now() - 5000).toISOString().replace('Z', '+00:00');
      expect(await ask('ours.job', { args: ['late'], options: { expires: past } })).to.deep.equal({
        error: 'TaskRevokedError',
        message: 'expired',
      });
      expect(await ask('ours.nobody', {})).to.include({ error: 'NotRegistered' });
      expect(await ask('ours.job', { kwargs: { c: 1 } })).to.include({ error: 'TypeError' });
      expect(seen).to.deep.equal([
        [1, 2],
        ['later', undefined],
        ['boom', undefined],
      ]);
    });

    it('run again with the next number of retries, and end as dead letters', async () => {
      const worker = service();
      const attempts: unknown[] = [];
      worker.jobTask('ours.job', { protocol: 'celery', queue, attempts: 2, backoff: 1 })(() => {
        attempts.push(currentTask()?.attempt);
        throw new Error('again and again');
      });
      await worker.start();
      await worker.enqueue('ours.job', { args: [] });
      const model = await connect(rabbitUrl());
      const channel = await model.createChannel();
      await until(() => attempts.length === 2);
      await until(async () => (await channel.checkQueue(`${queue}.dead`)).messageCount === 1);
      expect(attempts).to.deep.equal([1, 2]);
      const dead = await channel.get(`${queue}.dead`, { noAck: true });
      if (!dead) throw new Error('no dead letter');
      expect(dead.properties.headers).to.include({ task: 'ours.job', retries: 1, 'bgtasks-attempts': 2 });
      await model.close();
    });

    it('of klue lose their first three arguments in any case, which are their caller where they say so', async () => {
      const worker = service();
      const seen: unknown[] = [];
      worker.asyncTask('ours.mail', { protocol: 'klue', queue, params: ['to', 'subject'] })(
        async (to: string, subject?: string) => void seen.push([to, subject, currentCaller()]),
      );
      worker.rpcTask('ours.ping', { protocol: 'celery', queue })(() => 'pong');
      await worker.start();
      const client = startPeer(python, 'celery_client.py', rabbitUrl(), queue);
      const send = (args: unknown[], kwargs = {}) =>
        client.ask(JSON.stringify({ task: 'ours.mail', args, kwargs, wait: false }));
      await send(['PYMACARON_ALSO_WHIPS_THE_LLAMA_S', 'http://svc.example/v1/user?x=1', 'tok-123', 'a@b.c'], {
        subject: 'hi',
      });
      await send(['PYMACARON_ALSO_WHIPS_THE_LLAMA_S', 'http://x', null, 'b']);
      await send([1, 2, 3, 'c']);
      await until(() => seen.length === 3);
      expect(seen).to.deep.equal([
        ['a@b.c', 'hi', { url: 'http://svc.example/v1/user?x=1', token: 'tok-123' }],
        ['b', undefined, { url: 'http://x' }],
        ['c', undefined, {}],
      ]);
      expect(await client.ask(JSON.stringify({ task: 'ours.ping' }))).to.deep.equal({ value: 'pong' });
    });
  });
});
