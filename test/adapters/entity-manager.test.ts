/** A transaction per call: on sql.js with the memory broker, on PostgreSQL with RabbitMQ. */
import { inject, type RemoteError, Service } from 'bgtasks';
import { entityManager, OutboxMessage } from 'bgtasks/typeorm';
import { expect } from 'chai';
import { Column, type DataSource, Entity, type EntityManager, PrimaryGeneratedColumn } from 'typeorm';
import { messageOf } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { databases } from '../serializers/databases.js';
import { autoClose } from '../support/auto-close.js';
import { BROKERS, unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

@Entity()
class Payment {
  @PrimaryGeneratedColumn() id!: number;
  @Column() note!: string;
}

databases().forEach((database, index) => {
  describe(`entityManager() on ${database.name}`, function () {
    this.timeout(30_000);
    let dataSource: DataSource;
    let worker: Service;
    let api: Service;

    before(async function () {
      const opened = await database.open({ entities: [Payment, OutboxMessage] });
      if (!opened) this.skip();
      dataSource = opened;
    });
    after(() => database.close());

    beforeEach(async () => {
      await dataSource.getRepository(Payment).clear();
      const url = BROKERS[index]?.url() ?? '';
      worker = autoClose(new Service({ url, dataSource, logger: silentLogger }));
      api = autoClose(new Service({ url, logger: silentLogger }));
    });

    const notes = async () =>
      (await dataSource.getRepository(Payment).find({ order: { id: 'ASC' } })).map(({ note }) => note);
    const pay = (db: EntityManager, note: string) => db.save(Payment, { note });

    it('commits before the caller has its answer', async () => {
      const task = worker.rpcTask(unique('pay'), { deps: { db: entityManager() } })(async (note: string, { deps }) => {
        await pay(deps.db, note);
        return deps.db.queryRunner?.isTransactionActive;
      });
      await worker.start();
      expect(await api.call(task.route, 'rent')).to.equal(true);
      expect(await notes()).to.deep.equal(['rent']);
    });

    it('rolls back what a handler did that failed', async () => {
      const task = worker.rpcTask(unique('pay'), { deps: { db: entityManager() } })(async (note: string, { deps }) => {
        await pay(deps.db, note);
        if (note === 'fail') throw new Error('no funds');
      });
      await worker.start();
      expect((await rejection(api.call(task.route, 'fail'))) as RemoteError).to.have.nested.property(
        'remote.message',
        'no funds',
      );
      expect(await notes()).to.deep.equal([]);
      await api.call(task.route, 'rent');
      expect(await notes()).to.deep.equal(['rent']);
    });

    it('rolls back each failed run of a job, and commits the one that went well, once', async () => {
      let runs = 0;
      const job = worker.jobTask(unique('job'), { attempts: 3, backoff: 0, deps: { db: entityManager() } })(
        async (note: string, { deps, attempt }) => {
          await pay(deps.db, `${note} ${attempt}`);
          runs += 1;
          if (attempt < 3) throw new Error('again');
        },
      );
      await worker.start();
      await job.enqueue('rent');
      await until(() => runs === 3);
      await worker.close();
      expect(await notes()).to.deep.equal(['rent 3']);
    });

    it('rolls back when the time of the handler is over', async () => {
      const task = worker.rpcTask(unique('slow'), { timeoutMs: 50, deps: { db: entityManager() } })(
        async (note: string, { deps }) => {
          await pay(deps.db, note);
          await pause(150);
        },
      );
      await worker.start();
      expect(await rejection(api.call(task.route, 'late'))).to.have.nested.property('remote.code', 'TASK_TIMEOUT');
      expect(await notes()).to.deep.equal([]);
      await pause(150);
      expect(await notes()).to.deep.equal([]);
    });

    it('keeps calls at the same time apart, and gives their connections back', async () => {
      const task = worker.rpcTask(unique('parallel'), { deps: { db: entityManager() } })(
        async (note: string, { deps }) => {
          await pay(deps.db, note);
          await pause(5);
          if (note.endsWith('fail')) throw new Error('no');
        },
      );
      await worker.start();
      const calls = Array.from({ length: 30 }, (_, n) => api.call(task.route, n % 3 === 0 ? `${n} fail` : `${n}`));
      const ended = await Promise.allSettled(calls);
      expect(ended.filter(({ status }) => status === 'rejected')).to.have.length(10);
      const paid = await notes();
      expect(paid).to.have.length(20);
      expect(paid.some((note) => note.endsWith('fail'))).to.equal(false);
    });

    it('stands in a field, one transaction for all that a call asks for', async () => {
      const route = unique('class');
      class Payments {
        db = inject(entityManager());
        @worker.rpcTask(route, { deps: { db: entityManager() } }) async add(
          note: string,
          { deps }: { deps: { db: EntityManager } },
        ) {
          await this.db.save(Payment, { note });
          return deps.db === this.db;
        }
      }
      await worker.start();
      expect(await api.call(route, 'rent')).to.equal(true);
      expect(await notes()).to.deep.equal(['rent']);
      expect(Payments.name).to.equal('Payments');
    });

    it('is a transaction that the outbox takes: an event goes out after the commit, and not after a rollback', async () => {
      const url = BROKERS[index]?.url() ?? '';
      const serviceName = unique('payments');
      const payments = autoClose(new Service({ url, serviceName, dataSource, outbox: true, logger: silentLogger }));
      const seen: unknown[] = [];
      payments.onEvent(serviceName, 'paid')((note) => void seen.push(note));
      const task = payments.rpcTask(unique('pay'), { deps: { db: entityManager() } })(
        async (note: string, { deps }) => {
          await payments.emit('paid', note, { manager: deps.db });
          if (note === 'fail') throw new Error('no funds');
        },
      );
      await payments.start();
      await rejection(task.call('fail'));
      await task.call('rent');
      await until(() => seen.length > 0);
      expect(seen).to.deep.equal(['rent']);
    });

    it('takes a data source of its own, and leaves open what it did not open', async () => {
      const bare = autoClose(new Service({ url: 'memory://own', logger: silentLogger }));
      const task = bare.rpcTask(unique('own'), { deps: { db: entityManager(dataSource) } })(
        async (note: string, { deps }) => void (await pay(deps.db, note)),
      );
      await bare.start();
      await task.call('rent');
      await bare.close();
      expect(dataSource.isInitialized).to.equal(true);
      expect(await notes()).to.deep.equal(['rent']);
    });

    it('needs a data source, and says so when the worker starts', async () => {
      const bare = autoClose(new Service({ url: 'memory://bare', logger: silentLogger }));
      bare.rpcTask('pay', { deps: { db: entityManager() } })(() => 1);
      expect(messageOf(await rejection(bare.start()))).to.equal(
        'The dependency "db" of the task "pay" could not be set up: entityManager() needs the setting "dataSource", or a data source of its own.',
      );
    });
  });
});

describe('entityManager() of a data source that cannot be reached', () => {
  it('fails the call where a transaction cannot begin, and the handler does not run', async () => {
    const [sqljs] = databases();
    const dataSource = await sqljs?.open({ entities: [Payment] });
    if (!dataSource) throw new Error('sql.js is always there.');
    const worker = autoClose(new Service({ url: 'memory://gone', dataSource, logger: silentLogger }));
    let runs = 0;
    const task = worker.rpcTask('pay', { deps: { db: entityManager() } })(() => {
      runs += 1;
    });
    await worker.start();
    await dataSource.destroy();
    expect(await rejection(task.call())).to.have.property('code', 'REMOTE_ERROR');
    expect(runs).to.equal(0);
  });
});
