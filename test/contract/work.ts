/** Jobs, events, retries, dead letters and delays: what holds for a service on every broker. */
import { Service, type TaskContext, UnrecoverableError } from 'bgtasks';
import { expect } from 'chai';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { readFailure } from '../../lib/protocols/failure.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

export function workContract(urlOf: () => string): void {
  let url: string;
  const serviceNamed = (serviceName: string) => autoClose(new Service({ url, serviceName, logger: silentLogger }));
  let api: Service;
  let worker: Service;

  beforeEach(() => {
    url = urlOf();
    api = serviceNamed(unique('api'));
    worker = serviceNamed(unique('worker'));
  });

  /** The dead letters of a queue, taken out. */
  const deadLetters = async (queue: string) => {
    const broker = autoClose(await openBroker(url, silentLogger));
    const found: { body: unknown; failure: ReturnType<typeof readFailure>; headers: object | undefined }[] = [];
    await broker.consume({
      queue: `${queue}.dead`,
      prefetch: 10,
      onDelivery: (delivery) => {
        const { headers } = delivery.properties;
        found.push({ body: JSON.parse(delivery.body.toString()), failure: readFailure(headers), headers });
        delivery.ack();
      },
    });
    return found;
  };

  describe('a job', () => {
    it('runs once, with its body, its id and the caller; enqueue resolves without waiting for it', async () => {
      const route = unique('job');
      const seen: [unknown, TaskContext][] = [];
      const job = worker.jobTask(route)(async (body: { to: string }, context) => {
        await pause(50);
        seen.push([body, context]);
      });
      await worker.start();
      const { id } = await job.enqueue({ to: 'a' }, { messageId: 'my-id' });
      expect(id).to.equal('my-id');
      expect(seen).to.have.length(0);
      await until(() => seen.length === 1);
      expect(seen[0]?.[0]).to.deep.equal({ to: 'a' });
      expect(seen[0]?.[1]).to.include({
        route,
        messageId: 'my-id',
        attempt: 1,
        redelivered: false,
        failure: undefined,
      });
    });

    it('is found by its name from another service, once it has been declared', async () => {
      const route = unique('byname');
      expect(await rejection(api.enqueue(route, 1))).to.have.property('code', 'NO_ROUTE');
      expect(await rejection(api.enqueue(route, 1, { delayMs: 1000 }))).to.have.property('code', 'NO_ROUTE');
      let runs = 0;
      worker.jobTask(route)(() => {
        runs += 1;
      });
      await worker.start();
      await api.enqueue(route, 1);
      await until(() => runs === 1);
    });

    it('waits in its queue for a worker when it is enqueued by its handle first', async () => {
      const route = unique('early');
      const job = api.jobTask(route)(() => {});
      await job.enqueue();
      let runs = 0;
      worker.jobTask(route)(() => {
        runs += 1;
      });
      await worker.start();
      await until(() => runs === 1);
    });

    it('runs again after a failure, at most `attempts` times, then is a dead letter with the failure in its headers', async () => {
      const route = unique('retried');
      const attempts: number[] = [];
      const job = worker.jobTask(route, { attempts: 2, backoff: 100 })((_body, { attempt }) => {
        attempts.push(attempt);
        throw Object.assign(new Error('no luck'), { code: 'BAD_LUCK' });
      });
      await worker.start();
      await job.enqueue({ n: 1 }, { messageId: 'unlucky' });
      await until(() => attempts.length === 2);
      const dead = await deadLetters(route);
      await until(() => dead.length === 1);
      expect(attempts).to.deep.equal([1, 2]);
      expect(dead[0]?.body).to.deep.equal({ n: 1 });
      const { failure } = dead[0] ?? {};
      expect(failure).to.include({ route, code: 'BAD_LUCK', message: 'no luck', attempts: 2 });
      expect(failure?.failedAt).to.be.greaterThan(failure?.firstFailedAt ?? Infinity);
    });

    for (const [name, thrown, options] of [
      ['an UnrecoverableError', new UnrecoverableError('never'), {}],
      ['an error that retryOn does not list', new RangeError('x'), { retryOn: [TypeError] }],
      ['an error that retryOn refuses', new RangeError('x'), { retryOn: () => false }],
      ['a retryOn that throws', new RangeError('x'), { retryOn: () => fail('retryOn') }],
      ['a backoff that throws', new RangeError('x'), { backoff: () => fail('backoff') }],
      ['a backoff that is no number', new RangeError('x'), { backoff: () => Number.NaN }],
    ] as const) {
      it(`is a dead letter after one run for ${name}`, async () => {
        const route = unique('final');
        let runs = 0;
        const job = worker.jobTask(
          route,
          options,
        )(() => {
          runs += 1;
          throw thrown;
        });
        await worker.start();
        await job.enqueue(1);
        const dead = await deadLetters(route);
        await until(() => dead.length === 1);
        expect(runs).to.equal(1);
        expect(dead[0]?.failure?.attempts).to.equal(1);
      });
    }

    it('whose body is refused or unreadable is a dead letter without a run', async () => {
      const route = unique('refused');
      let runs = 0;
      const body = {
        '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'No.' }] }) },
      } as const;
      worker.jobTask(route, { body })(() => {
        runs += 1;
      });
      await worker.start();
      await api.enqueue(route, { to: 1 });
      const dead = await deadLetters(route);
      await until(() => dead.length === 1);
      expect(dead[0]?.failure?.code).to.equal('VALIDATION');
      expect(runs).to.equal(0);
    });

    it('hands its body and its failure to the job `onFailed`, once', async () => {
      const route = unique('failing');
      const handled: unknown[] = [];
      const cleanUp = worker.jobTask(unique('cleanup'))((body, { failure }) => void handled.push([body, failure]));
      const job = worker.jobTask(route, { attempts: 1, onFailed: cleanUp })(() => {
        throw new Error('down');
      });
      await worker.start();
      await job.enqueue({ n: 7 });
      await until(() => handled.length === 1);
      await pause(50);
      expect(handled).to.have.length(1);
      const [body, failure] = handled[0] as [unknown, object];
      expect(body).to.deep.equal({ n: 7 });
      expect(failure).to.include({ route, code: 'HANDLER_FAILED', message: 'down', attempts: 1 });
    });

    it('waits no longer than the longest delay for its next run, whatever its backoff', async () => {
      const route = unique('patient');
      let runs = 0;
      const job = worker.jobTask(route, { attempts: 2, backoff: 1e12 })(() => {
        runs += 1;
        throw new Error('down');
      });
      await worker.start();
      await job.enqueue(1);
      await pause(1500); // one that could not be delayed would be given back by now
      expect(runs).to.equal(1);
    });

    it('is a dead letter, too, where the job `onFailed` cannot have its body', async () => {
      const route = unique('failing');
      const narrow = autoClose(new Service({ url, serviceName: route, logger: silentLogger, maxBodyBytes: 300 }));
      const cleanUp = narrow.jobTask(unique('cleanup'))(() => {});
      narrow.jobTask(route, { attempts: 1, onFailed: cleanUp })(() => {
        throw new Error('down');
      });
      await narrow.start();
      const broker = autoClose(await openBroker(url, silentLogger));
      // Read and written again, each of these numbers has 21 digits.
      const body = Buffer.from(JSON.stringify(Array(50).fill(0)).replaceAll('0', '1e20'));
      await broker.publish({ exchange: '', routingKey: route, body, properties: { messageId: 'x' } });
      const dead = await deadLetters(route);
      await until(() => dead.length === 1);
      expect(dead[0]?.failure?.message).to.equal('down');
    });

    it('runs after its delay, and not before', async () => {
      const route = unique('delayed');
      const at: number[] = [];
      const job = worker.jobTask(route)(() => void at.push(Date.now()));
      await worker.start();
      const start = Date.now();
      await job.enqueue(1, { delayMs: 2500 });
      await job.enqueue(2, { runAt: new Date(start + 900) });
      await job.enqueue(3, { runAt: new Date(start - 900) });
      await until(() => at.length === 3);
      const [now = 0, soon = 0, late = 0] = at.map((time) => time - start);
      expect(now).to.be.lessThan(800);
      expect(soon).to.be.within(900, 2500);
      expect(late).to.be.within(2900, 4500);
    });

    it('is not started once it has expired', async () => {
      const route = unique('expired');
      const job = api.jobTask(route)(() => {});
      await job.enqueue('short', { expiresMs: 20 });
      await job.enqueue('long', { expiresMs: 60_000 });
      await pause(50);
      const seen: unknown[] = [];
      worker.jobTask(route)((body) => void seen.push(body));
      await worker.start();
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal(['long']);
    });

    it('runs at most `concurrency` at once in a process', async () => {
      const route = unique('narrow');
      let running = 0;
      let most = 0;
      let runs = 0;
      const job = worker.jobTask(route, { concurrency: 2 })(async () => {
        running += 1;
        most = Math.max(most, running);
        await pause(20);
        running -= 1;
        runs += 1;
      });
      await worker.start();
      await Promise.all([1, 2, 3, 4, 5, 6].map((n) => job.enqueue(n)));
      await until(() => runs === 6);
      expect(most).to.equal(2);
    });

    it('that runs when its worker closes is finished; what waits goes back', async () => {
      const route = unique('drained');
      await api.start(); // the memory broker is gone with its last connection
      const done: unknown[] = [];
      const job = worker.jobTask(route, { concurrency: 1 })(async (body) => {
        await pause(100);
        done.push(body);
      });
      await worker.start();
      for (const n of [1, 2]) await job.enqueue(n);
      await pause(50);
      await worker.close();
      expect(done).to.deep.equal([1]);
      api.jobTask(route)((body) => void done.push(body));
      await api.start();
      await until(() => done.length === 2);
    });

    for (const [problem, options] of [
      ['an unknown option', { delay: 5 }],
      ['a negative delay', { delayMs: -1 }],
      ['a delay of more than 8.5 years', { delayMs: 1e12 }],
      ['a delay that is no number', { delayMs: '5' }],
      ['an expiry that is no number', { expiresMs: '100' }],
      ['a date that is none', { runAt: new Date('x') }],
      ['two delays', { delayMs: 1, runAt: new Date() }],
      ['a priority without maxPriority', { priority: 1 }],
      ['an id that is too long', { messageId: 'x'.repeat(201) }],
    ] as const) {
      it(`is refused with ${problem}, before anything is sent`, async () => {
        const job = api.jobTask(unique('options'))(() => {});
        expect(await rejection(job.enqueue(1, options as object))).to.have.property('code', 'USAGE');
        expect(api.health().connected).to.equal(url.startsWith('memory:'));
      });
    }
  });

  describe('an event', () => {
    const users = () => serviceNamed(unique('users'));

    it('reaches one process of every service that listens, and the handler of each name', async () => {
      const source = users();
      const { serviceName = '' } = source.settings;
      const seen: string[] = [];
      const name = unique('mail');
      for (const process of ['one', 'two']) {
        const service = serviceNamed(name);
        service.onEvent(serviceName, 'user.created')(() => void seen.push(`mail`));
        service.onEvent(serviceName, 'user.created', { name: 'audit' })(() => void seen.push(`audit`));
        if (process === 'one') service.onEvent(serviceName, 'user.deleted')(() => void seen.push('deleted'));
        await service.start();
      }
      worker.onEvent(serviceName, 'user.*')((_body, { route }) => void seen.push(`any ${route.endsWith('user.*')}`));
      await worker.start();
      await source.emit('user.created', { id: 1 });
      await until(() => seen.length === 3);
      await pause(50);
      expect(seen.toSorted()).to.deep.equal(['any true', 'audit', 'mail']);
    });

    it('reaches every process of a service that listens with `broadcast`', async () => {
      const source = users();
      const name = unique('cache');
      const seen: number[] = [];
      for (const process of [1, 2]) {
        const service = serviceNamed(name);
        service.onEvent(source.settings.serviceName ?? '', '#', { broadcast: true })(() => void seen.push(process));
        await service.start();
      }
      await source.emit('a.b.c', 1);
      await until(() => seen.length === 2);
      expect(seen.toSorted()).to.deep.equal([1, 2]);
    });

    it('that nobody listens to is no error', async () => {
      await users().emit('user.created', 1);
    });

    it('whose handler fails is retried for that listener alone, and is a dead letter of its queue', async () => {
      const source = users();
      const { serviceName = '' } = source.settings;
      const seen: string[] = [];
      worker.onEvent(serviceName, 'paid', { attempts: 2, backoff: 0, name: 'bad' })((_body, { attempt }) => {
        seen.push(`bad ${attempt}`);
        throw new Error('x');
      });
      worker.onEvent(serviceName, 'paid', { name: 'good' })(() => void seen.push('good'));
      await worker.start();
      await source.emit('paid', 1);
      await until(() => seen.length === 3);
      const dead = await deadLetters(`${serviceName}.paid__${worker.settings.serviceName}.bad`);
      await until(() => dead.length === 1);
      expect(seen.toSorted()).to.deep.equal(['bad 1', 'bad 2', 'good']);
    });

    it('that a filter refuses is settled without a call; a filter that throws is a failure', async () => {
      const source = users();
      const { serviceName = '' } = source.settings;
      const seen: unknown[] = [];
      const filter = ({ n }: { n: number }) => {
        if (n === 3) throw new Error('odd');
        return n > 1;
      };
      worker.onEvent(serviceName, 'counted', { filter })((body) => void seen.push(body));
      await worker.start();
      for (const n of [1, 2, 3]) await source.emit('counted', { n });
      const dead = await deadLetters(`${serviceName}.counted__${worker.settings.serviceName}`);
      await until(() => dead.length === 1);
      expect(seen).to.deep.equal([{ n: 2 }]);
      expect(dead[0]?.body).to.deep.equal({ n: 3 });
    });

    it('needs a service name, and says so', async () => {
      const nameless = autoClose(new Service({ url, logger: silentLogger }));
      expect(await rejection(nameless.emit('x', 1))).to.have.property('code', 'INVALID_SETTING');
      nameless.onEvent('users', 'x')(() => {});
      expect(await rejection(nameless.start())).to.have.property('code', 'INVALID_SETTING');
    });
  });
}

function fail(name: string): never {
  throw new Error(`${name} failed`);
}
