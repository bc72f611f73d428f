import { RpcTimeoutError, Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { Ledger } from '../support/ledger.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startWorker } from '../support/worker-process.js';
import { loadOfCalls } from './load.js';

const ECHO = new URL('./tasks/echo.js', import.meta.url);

describe('a worker', function () {
  this.timeout(60_000);
  let route: string;
  let ledger: Ledger;
  let api: Service;

  beforeEach(() => {
    route = unique('worker');
    ledger = autoClose(new Ledger());
    api = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));
  });

  const worker = async (query = '') =>
    autoClose(
      await startWorker(ECHO, {
        BGTASKS_URL: `${rabbitUrl()}${query}`,
        BGTASKS_TEST_ROUTE: route,
        BGTASKS_TEST_LEDGER: ledger.path,
      }),
    );

  it('killed in the midst of a call leaves it to another one, which answers it', async () => {
    const first = await worker();
    const answer = api.call(route, { id: 'one', waitMs: 30_000 }, { timeoutMs: 20_000 });
    await until(() => ledger.unexpected().includes('one'));
    const second = await worker();
    await first.kill();
    expect(await answer).to.deep.equal({ id: 'one', pid: second.pid });
    expect(ledger.duplicates()).to.deep.equal(['one']); // at least once, and here it was twice
  });

  it('killed with nobody to follow costs its caller the timeout; one that comes in time answers', async () => {
    const first = await worker();
    const calls = [2000, 20_000].map((timeoutMs) =>
      api.call(route, { id: timeoutMs, waitMs: 30_000 }, { timeoutMs }).catch((error) => error),
    );
    await until(() => ledger.counts().effects === 2);
    await first.kill();
    expect(await calls[0]).to.be.instanceOf(RpcTimeoutError);
    const second = await worker();
    expect(await calls[1]).to.deep.equal({ id: 20_000, pid: second.pid });
    expect(ledger.duplicates()).to.deep.equal(['20000']); // what nobody waits for was not started again
  });

  it('killed under load, one of two: every call settles, and nothing that was answered is without its effect', async () => {
    const [first] = [await worker(), await worker()];
    const load = loadOfCalls(api, { route, ledger });
    await load.goesOn();
    await first.kill();
    await load.goesOn();
    await load.stop();
    expect(load.wrong).to.deep.equal([]);
    expect(load.refused.size).to.equal(0);
    expect(ledger.lost()).to.deep.equal([]);
  });

  it('that is told to end under load finishes what it has, and the other one goes on', async () => {
    const [first] = [await worker(), await worker()];
    const load = loadOfCalls(api, { route, ledger });
    await load.goesOn();
    expect(await first.stop()).to.equal(0);
    await load.stop();
    expect(load.wrong).to.deep.equal([]);
    expect(load.refused.size).to.equal(0);
    expect(ledger.duplicates()).to.deep.equal([]);
  });

  it('that blocks its event loop past the heartbeat costs that call, and serves the next ones', async () => {
    await worker('?heartbeat=1');
    const blocked = rejection(api.call(route, { id: 'blocks', blockMs: 4000 }, { timeoutMs: 3000 }));
    expect(await blocked).to.be.instanceOf(RpcTimeoutError);
    expect(await api.call(route, { id: 'next' }, { timeoutMs: 20_000 })).to.include({ id: 'next' });
    expect(ledger.duplicates()).to.deep.equal([]); // its caller waits no longer, so it is not started again
  });

  it('whose answer comes after the timeout has it dropped, and serves the next call', async () => {
    await worker();
    const late = api.call(route, { id: 'late', waitMs: 300 }, { timeoutMs: 100 });
    expect(await rejection(late)).to.be.instanceOf(RpcTimeoutError);
    expect(await api.call(route, { id: 'next', waitMs: 400 })).to.include({ id: 'next' });
    expect(api.health().pendingCalls).to.equal(0);
  });

  it('takes and gives bodies of 16 MiB', async () => {
    const server = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));
    server.rpcTask(route)((body) => body);
    await server.start();
    const text = 'x'.repeat(16 * 1024 * 1024 - 2); // and two quotes
    expect((await api.call(route, text)) === text).to.equal(true);
    expect(await rejection(api.call(route, `${text}x`))).to.have.property('code', 'BODY_TOO_LARGE');
  });
});
