import type { RemoteError } from 'bgtasks';
import { expect } from 'chai';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { PoolWorker, startPool } from './pool-worker.js';

const FLAGS = ['--pool', 'thread', '--workers', '1'];

describe('a pool of threads', function () {
  this.timeout(60_000);

  it('runs handlers beside the connection, in the same process', async () => {
    const worker = await startPool(...FLAGS);
    const [pooled, inline] = [await worker.call('where'), await worker.call('inline')];
    expect(pooled.pid).to.equal(inline.pid);
    expect(pooled.threadId).to.be.above(0);
    expect(await worker.stop()).to.equal(0);
  });

  it('keeps heartbeats while a handler takes the processor', async () => {
    const worker = new PoolWorker();
    await worker.start(FLAGS, '?heartbeat=2');
    expect(await worker.call('burn', 6000)).to.have.property('redelivered', false);
    expect(worker.running.error).to.not.match(/connection/i);
  });

  for (const [how, ending] of [
    ['exit', 'exit code 7'],
    ['uncaught', 'thrown where nobody catches'],
  ] as const) {
    it(`fails a call whose thread ends with ${ending}, and has a new one`, async () => {
      const worker = await startPool(...FLAGS);
      const error = (await rejection(worker.call('die', how))) as RemoteError;
      expect(error.remote.code).to.equal('CHILD_LOST');
      expect(error.remote.message).to.include(ending);
      expect((await worker.call('where')).threadId).to.be.above(0);
    });
  }

  it('ends a thread whose handler never returns', async () => {
    const worker = await startPool(...FLAGS);
    const { threadId } = await worker.call('where');
    const error = (await rejection(worker.call('hang'))) as RemoteError;
    expect(error.remote.code).to.equal('TASK_TIMEOUT');
    expect((await worker.call('where')).threadId).to.be.above(threadId);
  });

  it('ends a thread whose heap grows beyond maxMemoryMb, and no other', async () => {
    const worker = await startPool(...FLAGS, '--max-memory-mb', '64');
    const error = (await rejection(worker.call('heap'))) as RemoteError;
    expect(error.remote.code).to.equal('CHILD_LOST');
    expect(error.remote.message).to.include('memory');
    expect((await worker.call('where')).threadId).to.be.above(0);
  });

  it('keeps code, message and stack of an error, and forwards what is logged', async () => {
    const worker = await startPool(...FLAGS);
    const error = (await rejection(worker.call('fail'))) as RemoteError;
    expect(error.remote).to.deep.equal({ code: 'BUSY', message: 'no room' });
    await until(() => /no room(?:\\n|\n) +at .*tasks\.js/.test(worker.running.error));
    await worker.call('context', {});
    await worker.running.says('hello from a handler');
  });
});
