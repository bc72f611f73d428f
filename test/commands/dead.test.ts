import { Service } from 'bgtasks';
import { expect } from 'chai';
import { progress } from '../../commands/progress.js';
import type { Broker } from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { delayDeclarations, delayed, UNDELIVERABLE } from '../../lib/topology/delay.js';
import { workQueue } from '../../lib/topology/work-queue.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { until } from '../support/until.js';
import { Application } from './application.js';

describe('the command bgtasks dead', function () {
  this.timeout(30_000);
  let app: Application;
  let broker: Broker;
  let route: string;
  /** Fails as long as it is true. */
  let isBroken: boolean;
  let seen: unknown[][];

  beforeEach(async () => {
    route = unique('mail');
    app = autoClose(
      new Application({
        'package.json': '{"type":"module"}',
        'tasks.ts': `import { jobTask, rpcTask } from 'bgtasks';\nexport const mail = jobTask('${route}')(() => {});\nrpcTask('x')(() => 1);\n`,
      }),
    );
    broker = autoClose(await openBroker(rabbitUrl(), silentLogger));
    isBroken = true;
    seen = [];
  });

  const run = (...args: string[]) => app.run(['dead', ...args], { BGTASKS_URL: rabbitUrl() });
  const messages = async (queue = `${route}.dead`) => (await broker.inspect(queue))?.messages;

  /** A worker, and so many dead letters. */
  const letters = async (count: number) => {
    const service = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));
    const job = service.jobTask(route, { attempts: 2, backoff: 0 })((body, { attempt, messageId, failure }) => {
      if (isBroken) throw Object.assign(new Error('no route to\n\u001b[31mhost'), { code: 'EHOST' });
      seen.push([body, attempt, messageId, failure]);
    });
    await service.start();
    for (let n = 0; n < count; n += 1) await job.enqueue({ n }, { messageId: `id-${n}` });
    await until(async () => (await messages()) === count);
    return service;
  };

  it('list counts the dead letters of the registered jobs, of named queues, and what was undeliverable', async () => {
    await letters(2);
    const other = unique('other');
    const { code, out } = await run('list', other);
    expect(code).to.equal(0);
    expect(out).to.match(/^QUEUE +MESSAGES\n/);
    const json = JSON.parse((await run('list', other, '--json')).out) as { queue: string; messages: number | null }[];
    expect(json.slice(0, 2)).to.deep.equal([
      { queue: `${route}.dead`, messages: 2 },
      { queue: `${other}.dead`, messages: null },
    ]);
    expect(json.map(({ queue }) => queue))
      .to.include(UNDELIVERABLE)
      .and.to.have.length(3);
  });

  it('show tells what failed, when and why, and leaves everything where it is', async () => {
    await letters(3);
    const { code, out } = await run('show', route, '--limit', '2');
    expect(code).to.equal(0);
    expect(out).to.match(/^\d{4}-.*Z {2}id-0 {2}attempts: 2\n {2}EHOST: no route to {2}\[31mhost\n {2}\{"n":0\}\n/);
    expect(out).to.not.contain('id-2');
    await until(async () => (await messages()) === 3);
    const all = JSON.parse((await run('show', `${route}.dead`, '--json')).out) as Record<string, unknown>[];
    expect(all).to.have.length(3);
    expect(all[0]).to.include({ code: 'EHOST', attempts: 2, bytes: 7 });
    await until(async () => (await messages()) === 3);
  });

  it('show knows a message that the broker itself took out, and one that is no text', async () => {
    await broker.declare(workQueue(route));
    const body = Buffer.from([0x1f, 0x8b, 0, 1]);
    await broker.publish({ exchange: '', routingKey: route, body, properties: { messageId: 'poison' } });
    const consumer = await broker.consume({
      queue: route,
      prefetch: 1,
      onDelivery: (delivery) => delivery.reject({ requeue: false }),
    });
    await until(async () => (await messages()) === 1);
    await consumer.cancel();
    const [letter] = JSON.parse((await run('show', route, '--json')).out) as Record<string, unknown>[];
    expect(letter).to.include({ messageId: 'poison', code: 'rejected', attempts: 1, body: '1f8b0001' });
    expect(letter?.failedAt).to.match(/^\d{4}-/);
  });

  it('show keeps a letter however often it is looked at', async () => {
    await letters(1);
    for (let look = 0; look < 25; look += 1) {
      const other = await openBroker(rabbitUrl(), silentLogger);
      let isSeen = false;
      const onDelivery = () => {
        isSeen = true;
      };
      await other.consume({ queue: `${route}.dead`, prefetch: 1, onDelivery });
      await until(() => isSeen);
      await other.close();
    }
    await until(async () => (await messages()) === 1);
  });

  it('retry runs them again from their first attempt, with their ids, and without their failure', async () => {
    await letters(3);
    isBroken = false;
    const { code, out } = await run('retry', route);
    expect([code, out]).to.deep.equal([0, '3 of 3 dead letters were published again.\n']);
    await until(() => seen.length === 3);
    expect(seen.toSorted()).to.deep.equal([0, 1, 2].map((n) => [{ n }, 1, `id-${n}`, undefined]));
    expect(await messages()).to.equal(0);
  });

  it('retry ends although every letter comes back', async () => {
    await letters(5);
    const { code, out } = await run('retry', route, '--limit', '4');
    expect([code, out]).to.deep.equal([0, '4 of 4 dead letters were published again.\n']);
    await until(async () => (await messages()) === 5);
  });

  it('retry delivers what was undeliverable, once its queue is there; the rest stays', async () => {
    const gone = unique('gone');
    const late = unique('late');
    if ((await messages(UNDELIVERABLE)) !== undefined) await broker.purgeQueue(UNDELIVERABLE);
    for (const queue of [gone, late]) {
      await broker.declare([...workQueue(queue), ...delayDeclarations(queue, 1000)]);
      const message = {
        exchange: '',
        routingKey: queue,
        body: Buffer.from('1'),
        properties: { messageId: queue, deliveryMode: 2 },
      };
      await broker.publish(delayed(message, queue, 1000));
      await broker.deleteQueue(queue);
    }
    await until(async () => ((await messages(UNDELIVERABLE)) ?? 0) >= 2);
    await broker.declare(workQueue(late));
    const { code, out, error } = await run('retry', UNDELIVERABLE);
    expect([code, out]).to.deep.equal([1, '1 of 2 dead letters were published again.\n']);
    expect(error).to.contain(`1 stay in "${UNDELIVERABLE}". Nobody serves "${gone}"`);
    expect(await messages(late)).to.equal(1);
    expect((await run('purge', UNDELIVERABLE, '--yes')).out).to.equal('1 dead letters were dropped.\n');
  });

  it('purge asks, and drops with --yes', async () => {
    await letters(2);
    const asked = await run('purge', route);
    expect(asked.code).to.equal(2);
    expect(asked.error).to.contain('needs --yes');
    expect(await messages()).to.equal(2);
    expect(await run('purge', route, '--yes')).to.include({ code: 0, out: '2 dead letters were dropped.\n' });
    expect(await messages()).to.equal(0);
  });

  for (const action of ['show', 'retry', 'purge']) {
    it(`${action} of a queue that does not exist is one line and exit code 1`, async () => {
      const { code, error } = await run(action, 'nothing', ...(action === 'purge' ? ['--yes'] : []));
      expect(code).to.equal(1);
      expect(error).to.equal(
        'bgtasks: There is no queue "nothing.dead". `bgtasks dead list` shows those that there are.\n',
      );
    });
  }

  it('refuses a limit that is none', async () => {
    expect((await run('show', route, '--limit', '5000')).code).to.equal(2);
    expect((await run('retry', route, '--limit', '0')).code).to.equal(2);
  });
});

describe('the line of progress', () => {
  const lines = (isTerminal: boolean) => {
    const written: string[] = [];
    let now = 0;
    const output = { out: () => {}, error: (text: string) => void written.push(text), isTerminal };
    const bar = progress(output, 4, () => now);
    for (let step = 0; step < 4; step += 1) {
      now += 60;
      bar.step();
    }
    bar.end();
    return written;
  };

  it('is written over at a terminal, and taken away at the end', () => {
    expect(lines(true)).to.deep.equal([
      `\r${'#'.repeat(15)}${'.'.repeat(15)} 2 of 4`,
      `\r${'#'.repeat(30)} 4 of 4`,
      '\r\x1b[K',
    ]);
  });

  it('is not written elsewhere', () => {
    expect(lines(false)).to.deep.equal([]);
  });
});
