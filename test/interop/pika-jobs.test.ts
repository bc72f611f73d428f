import { NoRouteError, Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { pythonFor } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { rabbitUrl, startPeer } from './peer.js';

describe('jobs of bgtasks (Python)', function () {
  this.timeout(30_000);
  let python: string;

  before(function () {
    python = pythonFor(this, 'pika', 'python3-pika');
  });

  const service = (options = {}) => autoClose(new Service({ url: rabbitUrl(), logger: silentLogger, ...options }));
  const protocol = 'bgtasks-python';

  it('reach a worker of theirs and one of ours, each with its own copy', async () => {
    const route = unique('mail.send');
    const theirs = startPeer(python, 'pika_jobs.py', rabbitUrl(), 'work', route);
    expect(await theirs.next()).to.equal('ready');
    const ours = service();
    const seen: unknown[] = [];
    ours.jobTask(route, { protocol })((body: unknown) => void seen.push(body));
    await ours.start();
    const client = startPeer(python, 'pika_jobs.py', rabbitUrl(), 'send');
    client.say(`${route}\t{"t": "h\\u00e9llo"}`);
    expect(await client.next()).to.equal('sent');
    expect(await theirs.next()).to.equal(`${route}\t{"t": "h\\u00e9llo"}`);
    await until(() => seen.length === 1);
    await service().enqueue(route, { n: 1 }, { protocol });
    expect(await theirs.next()).to.equal(`${route}\t{"n": 1}`);
    await until(() => seen.length === 2);
    expect(seen).to.deep.equal([{ t: 'héllo' }, { n: 1 }]);
    expect(theirs.isAlive).to.equal(true);
  });

  it('that fail in ours run again in ours alone', async () => {
    const route = unique('mail.send');
    const theirs = startPeer(python, 'pika_jobs.py', rabbitUrl(), 'work', route);
    await theirs.next();
    const ours = service();
    let runs = 0;
    ours.jobTask(route, { protocol, backoff: 1 })(() => {
      runs += 1;
      if (runs === 1) throw new Error('again');
    });
    await ours.start();
    await ours.enqueue(route, 'once');
    await until(() => runs === 2);
    await ours.enqueue(route, 'twice');
    expect([await theirs.next(), await theirs.next()]).to.deep.equal([`${route}\t"once"`, `${route}\t"twice"`]);
  });

  it('that nobody takes are an error, and have no delays', async () => {
    const api = service();
    expect(await rejection(api.enqueue(unique('nobody'), 1, { protocol }))).to.be.instanceOf(NoRouteError);
    const delayed = (await rejection(api.enqueue('x', 1, { protocol, delayMs: 1000 }))) as Error;
    expect(delayed.message).to.contain('no delays');
  });

  it('have numbers of theirs by the setting "json", both ways', async () => {
    const route = unique('numbers');
    const theirs = startPeer(python, 'pika_jobs.py', rabbitUrl(), 'work', route);
    await theirs.next();
    const ours = service({ json: { nonFinite: 'number', bigIntegers: 'bigint' } });
    const seen: unknown[] = [];
    ours.jobTask(route, { protocol })((body: unknown) => void seen.push(body));
    await ours.start();
    const client = startPeer(python, 'pika_jobs.py', rabbitUrl(), 'send');
    client.say(`${route}\t[NaN, Infinity, 9223372036854775809]`);
    await until(() => seen.length === 1);
    expect(seen).to.deep.equal([[Number.NaN, Infinity, 9223372036854775809n]]);
    await ours.enqueue(route, [-Infinity, 2n ** 70n]);
    await theirs.next();
    expect(await theirs.next()).to.equal(`${route}\t[-Infinity, 1180591620717411303424]`);
  });
});
