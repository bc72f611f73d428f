/** A job that was confirmed has its effect, whatever happens; it may have it twice. */
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { Ledger } from '../support/ledger.js';
import { startOwnNode } from '../support/own-node.js';
import { closeAllConnections, setMemoryAlarm, startApp, stopApp } from '../support/rabbitmq/operator.js';
import { type RabbitNode, rabbitUrl } from '../support/rabbitmq.js';
import { pause, until } from '../support/until.js';
import { startWorker } from '../support/worker-process.js';
import { Load } from './load.js';
import { ServicePair } from './service-pair.js';

describe('jobs', function () {
  this.timeout(60_000);
  let node: RabbitNode;
  let route: string;
  let ledger: Ledger;

  before(async function () {
    node = await startOwnNode(this);
  });
  after(() => node?.stop());

  beforeEach(() => {
    route = unique('job');
    ledger = autoClose(new Ledger());
  });

  /** A pair whose worker has jobs as well. */
  const startPair = async () => {
    const pair = await ServicePair.start(node.url);
    pair.worker.jobTask(route)(async ({ id }: { id: number }) => {
      await pause(5);
      ledger.effect(id);
    });
    await pair.worker.start();
    return pair;
  };

  const enqueuing = (service: Service, delayMs?: number) =>
    autoClose(
      new Load(ledger, async (id) => {
        await service.enqueue(route, { id }, delayMs === undefined ? {} : { delayMs });
      }),
    );

  /** Every confirmed job has its effect, sooner or later: mocha's timeout bounds it. */
  const nothingLost = async (load: Load) => {
    await load.stop();
    expect(load.wrong).to.deep.equal([]);
    expect(ledger.counts().published).to.be.above(0);
    while (ledger.lost().length > 0) await pause(50);
  };

  for (const [what, fault] of [
    ['killed and restarted', () => node.restart()],
    ['stopped and started', () => stopApp(node).then(() => startApp(node))],
    ['told to close all connections', () => closeAllConnections(node, 'maintenance')],
  ] as const) {
    it(`survive a broker that is ${what} while they are enqueued and run`, async () => {
      const { api } = await startPair();
      const load = enqueuing(api);
      await load.goesOn();
      await fault();
      await load.goesOn();
      await nothingLost(load);
    });
  }

  it('survive a broker that is killed while they are delayed', async () => {
    const { api } = await startPair();
    const load = enqueuing(api, 2000);
    await load.goesOn(300);
    await load.stop();
    await node.restart();
    await nothingLost(load);
  });

  it('survive connections that are cut again and again', async () => {
    const { api, apiProxy, workerProxy } = await startPair();
    const load = enqueuing(api);
    for (let cut = 0; cut < 12; cut += 1) {
      await pause(50 + Math.random() * 100);
      (cut % 2 ? apiProxy : workerProxy).cut(cut % 3 ? 'reset' : 'end');
    }
    await load.goesOn();
    await nothingLost(load);
  });

  it('survive connections that go dead unseen', async () => {
    const { api, apiProxy, workerProxy } = await startPair();
    const load = enqueuing(api);
    await load.goesOn();
    apiProxy.halfOpen('target');
    workerProxy.halfOpen('target');
    await load.goesOn();
    await nothingLost(load);
  });

  it('wait for a memory alarm to end, and those that are there go on being run', async () => {
    const { api } = await startPair();
    const load = enqueuing(api);
    await load.goesOn();
    await setMemoryAlarm(node, true);
    try {
      await pause(500);
      await until(() => ledger.lost().length === 0); // the intake settles all the while
    } finally {
      await setMemoryAlarm(node, false);
    }
    await load.goesOn();
    await nothingLost(load);
    expect(load.refused.size).to.equal(0);
  });

  it('survive a worker that is killed while it runs them', async () => {
    const environment = {
      BGTASKS_URL: rabbitUrl(),
      BGTASKS_TEST_ROUTE: route,
      BGTASKS_TEST_LEDGER: ledger.path,
    };
    const start = async () => autoClose(await startWorker(new URL('./tasks/job.js', import.meta.url), environment));
    const [first] = [await start(), await start()];
    const load = enqueuing(autoClose(new Service({ url: rabbitUrl(), logger: silentLogger })));
    await load.goesOn(300);
    await first?.kill();
    await load.goesOn(300);
    await nothingLost(load);
  });
});
