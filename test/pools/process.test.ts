import { RemoteError } from 'bgtasks';
import { expect } from 'chai';
import { isRunning } from '../support/is-running.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { PoolWorker, startPool } from './pool-worker.js';

describe('a pool of processes', function () {
  this.timeout(60_000);

  describe('that runs what it is given', () => {
    it('runs handlers in children, and those that say so in the process itself or in a thread', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const { pid } = await worker.call('where');
      const inline = await worker.call('inline');
      const thread = await worker.call('thread');
      expect(pid).to.not.equal(inline.pid);
      expect([inline.threadId, thread.pid]).to.deep.equal([0, inline.pid]);
      expect(thread.threadId).to.be.above(0);
    });

    it('gives a handler its context, and keeps scope, caller and log', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const answer = await worker.call<object>('context', { at: 1 });
      expect(answer).to.deep.equal({
        body: { at: 1 },
        route: `${worker.route}.context`,
        attempt: 1,
        caller: {},
        hasId: true,
        hasDeadline: true,
        isAborted: false,
        isCurrent: true,
        isCurrentCaller: true,
      });
      await worker.running.says('hello from a handler');
      expect(worker.running.error).to.include('"said":"in the child"'); // a function stood beside it
    });

    it('answers what JSON makes of an answer, and fails where it makes nothing', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      expect(await worker.call('answers', 'date')).to.deep.equal({ at: '1970-01-01T00:00:00.000Z', money: '1.50' });
      expect(await worker.call('answers', 'nothing')).to.equal(null);
      const error = (await rejection(worker.call('answers', 'circle'))) as RemoteError;
      expect(error.remote.message).to.include('cannot be written as JSON');
    });

    it('opens a connection of the child for calls of its handlers', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const { pid, inline } = await worker.call<{ pid: number; inline: { pid: number } }>('calls');
      expect(inline.pid).to.not.equal(pid);
      expect(await worker.stop()).to.equal(0);
    });

    it('sets dependencies up once in each child, and closes them there', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const { pid } = await worker.call('where');
      expect([await worker.call('deps'), await worker.call('deps')]).to.deep.equal([
        { pid, call: 1 },
        { pid, call: 2 },
      ]);
      expect(await worker.stop()).to.equal(0);
      expect(worker.ledger.unexpected()).to.deep.equal([`closed in ${pid}`]);
    });

    it('keeps code and message of an error for the caller, and its stack for the log', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const error = (await rejection(worker.call('fail'))) as RemoteError;
      expect(error.remote).to.deep.equal({ code: 'BUSY', message: 'no room' });
      await until(() => /no room(?:\\n|\n) +at .*tasks\.js/.test(worker.running.error));
    });

    it('retries by class of the error, and counts attempts', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      await worker.enqueue('retried');
      await worker.running.says('task failed for good');
      expect(worker.ledger.unexpected()).to.deep.equal(['attempt 1', 'attempt 2']); // a plain Error is not retried
    });

    it('tells of progress, and gives results', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const seen: unknown[] = [];
      const job = await worker.api.enqueue(`${worker.route}.job`, { id: 'one', ms: 300 }, { result: true });
      job.onProgress((value) => seen.push(value));
      expect(await job.result({ timeoutMs: 20_000 })).to.have.property('threadId', 0);
      expect(seen).to.deep.equal([{ started: 'one' }]);
    });
  });

  describe('whose handlers take the processor', () => {
    it('keeps heartbeats, and serves other routes meanwhile', async () => {
      const worker = new PoolWorker();
      await worker.start(['--pool', 'process', '--workers', '1'], '?heartbeat=2');
      let burns = true;
      const burning = worker.call<{ redelivered: boolean }>('burn', 6000).finally(() => {
        burns = false;
      });
      let answered = 0;
      while (burns) {
        await worker.call('inline');
        if (burns) answered += 1;
      }
      expect(await burning).to.have.property('redelivered', false);
      expect(answered).to.be.above(20);
      expect(worker.running.error).to.not.match(/connection/i);
    });
  });

  describe('whose child ends', () => {
    for (const [how, ending] of [
      ['exit', 'exit code 7'],
      ['kill', 'SIGKILL'],
      ['uncaught', 'exit code 1'],
    ] as const) {
      it(`by ${ending} fails that call with CHILD_LOST, leaves others alone, and has a new child`, async () => {
        const worker = await startPool('--pool', 'process', '--workers', '2');
        const other = worker.call('wait', { id: 'other', ms: 1000 });
        await until(() => worker.ledger.unexpected().includes('started other'));
        const error = (await rejection(worker.call('die', how))) as RemoteError;
        expect(error).to.be.instanceOf(RemoteError);
        expect(error.remote.code).to.equal('CHILD_LOST');
        expect(error.remote.message).to.include(ending);
        const { pid } = await other;
        const next = await Promise.all([worker.call('burn', 500), worker.call('burn', 500)]);
        expect(next.filter((place) => place.pid !== pid)).to.have.length(1);
        expect(worker.running.error).to.include('child of the pool ended unasked');
      });
    }

    it('has jobs that kill it retried as the route says, then put among the dead letters', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      await worker.enqueue('poison');
      await worker.running.says('task failed for good');
      expect(worker.ledger.duplicates()).to.deep.equal(['poison']);
      expect(await worker.call('where')).to.have.property('threadId', 0);
    });
  });

  describe('whose handler never returns', () => {
    it('kills the child after timeoutMs, and serves the next call', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const { pid } = await worker.call('where');
      const error = (await rejection(worker.call('hang'))) as RemoteError;
      expect(error.remote.code).to.equal('TASK_TIMEOUT');
      expect(await isRunning(pid)).to.equal(false); // the answer came after its end
      expect((await worker.call('where')).pid).to.not.equal(pid);
      expect(worker.running.error).to.include('child is killed');
    });

    it('keeps the child of a handler that listens to its signal', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const { pid } = await worker.call('where');
      const error = (await rejection(worker.call('listens'))) as RemoteError;
      expect(error.remote.code).to.equal('TASK_TIMEOUT');
      expect((await worker.call('where')).pid).to.equal(pid);
    });

    it('hears that its caller has given up', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1');
      const abort = new AbortController();
      const given = rejection(worker.call('aborted', null, { signal: abort.signal }));
      await until(() => worker.ledger.unexpected().includes('waits'));
      abort.abort();
      await given;
      await until(() => worker.ledger.unexpected().includes('aborted by CALL_ABORTED'));
    });
  });

  describe('with limits', () => {
    it('replaces a child after maxTasksPerChild tasks', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1', '--max-tasks-per-child', '2');
      const pids: number[] = [];
      for (let task = 0; task < 6; task += 1) pids.push((await worker.call('where')).pid);
      expect(new Set(pids).size).to.equal(3);
      expect([pids[0], pids[2], pids[4]]).to.deep.equal([pids[1], pids[3], pids[5]]);
      await until(async () => !(await isRunning(pids[0] as number)));
      expect(worker.running.error).to.equal('');
    });

    it('replaces a child that takes more than maxMemoryMb, after its task', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '1', '--max-memory-mb', '300');
      const { pid } = await worker.call('leak', 1);
      expect((await worker.call('leak', 300)).pid).to.equal(pid);
      expect((await worker.call('leak', 1)).pid).to.not.equal(pid);
      expect(worker.running.error).to.include('it takes too much');
    });
  });

  describe('of a worker that ends', () => {
    const FLAGS = ['--pool', 'process', '--workers', '1'];
    const started = ({ ledger }: PoolWorker) => ledger.unexpected().filter((id) => id.startsWith('started ')).length;
    const enqueueFive = async (worker: PoolWorker) => {
      for (const id of [1, 2, 3, 4, 5]) {
        await worker.enqueue('job', { id, ms: 500 });
        worker.ledger.published(id);
      }
      await until(() => started(worker) === 1);
    };

    it('finishes what runs, gives the rest back, and another worker does it', async () => {
      const worker = await startPool(...FLAGS);
      await enqueueFive(worker);
      expect(await worker.stop()).to.equal(0);
      expect([started(worker), worker.ledger.counts().effects]).to.deep.equal([1, 2]); // that it started, and the job
      await worker.start(FLAGS);
      await until(() => worker.ledger.lost().length === 0);
      expect(worker.ledger.duplicates()).to.deep.equal([]);
    });

    it('finishes what it has taken as well, where it is greedy', async () => {
      const worker = await startPool(...FLAGS, '--greedy');
      await enqueueFive(worker);
      expect(await worker.stop()).to.equal(0);
      expect(started(worker)).to.be.within(2, 4); // concurrency 3, of which one ran
      expect(worker.ledger.counts().effects).to.equal(2 * started(worker));
      expect(worker.ledger.duplicates()).to.deep.equal([]);
    });

    it('leaves no child behind when it is killed, not even one that never returns', async () => {
      const worker = await startPool('--pool', 'process', '--workers', '2');
      const burning = worker.call('burn', 60_000, { timeoutMs: 3000 }).catch(() => {});
      const { pid } = await worker.call('where');
      const burns = () => worker.ledger.unexpected().find((id) => id.startsWith('burns in '));
      await until(() => burns() !== undefined);
      worker.running.kill('SIGKILL');
      await until(async () => !(await isRunning(pid)));
      await until(async () => !(await isRunning(Number(burns()?.split(' ')[2]))));
      await burning;
    });
  });
});
