import { type Logger, NoRouteError, RpcTimeoutError } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { startOwnNode } from '../support/own-node.js';
import {
  closeAllConnections,
  deleteQueue,
  listQueues,
  setMemoryAlarm,
  startApp,
  stopApp,
} from '../support/rabbitmq/operator.js';
import type { RabbitNode } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';
import { loadOfCalls } from './load.js';
import { ServicePair } from './service-pair.js';

describe('a broker', function () {
  this.timeout(60_000);
  let node: RabbitNode;
  let pair: ServicePair;
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (facts) => void errors.push(facts) };

  before(async function () {
    node = await startOwnNode(this);
  });
  after(() => node?.stop());

  beforeEach(async () => {
    pair = await ServicePair.start(node.url, logger);
    errors.length = 0;
  });

  for (const [what, isConnectionLost, fault] of [
    ['killed and restarted', true, () => node.restart()],
    ['stopped and started', true, () => stopApp(node).then(() => startApp(node))],
    ['whose operator closes all connections', true, () => closeAllConnections(node, 'maintenance')],
    ['whose operator deletes the queue', false, () => deleteQueue(node, pair.route)],
  ] as const) {
    it(`${what} under load: every call settles, and calls are answered again`, async () => {
      const load = loadOfCalls(pair.api, pair);
      await load.goesOn();
      await fault();
      await load.goesOn();
      await load.stop();
      expect(load.wrong).to.deep.equal([]);
      expect(pair.ledger.lost()).to.deep.equal([]);
      if (isConnectionLost) expect(pair.apiProxy.counts.accepted).to.be.above(1);
      expect(pair.api.health()).to.include({ connected: true, pendingCalls: 0 });
      expect(pair.worker.health()).to.include({ connected: true, consuming: true });
      expect(errors).to.deep.equal([]);
    });
  }

  it('that is away fails calls at once or at their timeout, and answers the first one after it is back', async () => {
    await node.kill();
    const error = await rejection(pair.ask('away', { timeoutMs: 1000 }));
    expect(error).to.have.property('code').that.is.oneOf(['CONNECTION_FAILED', 'CONNECTION_LOST', 'RPC_TIMEOUT']);
    await node.restart();
    await pair.recovers();
  });

  it('with a memory alarm times calls out, naming the time, and answers the next ones once it is cleared', async () => {
    await setMemoryAlarm(node, true);
    try {
      const errors = await Promise.all([1, 2, 3].map((id) => rejection(pair.ask(id, { timeoutMs: 500 }))));
      for (const error of errors)
        expect(error).to.be.instanceOf(RpcTimeoutError).with.nested.property('details.timeoutMs', 500);
    } finally {
      await setMemoryAlarm(node, false);
    }
    expect(await pair.ask('cleared')).to.deep.equal({ id: 'cleared' });
    expect(pair.apiProxy.counts.accepted).to.equal(1); // it was never a lost connection
  });

  it('whose queue was deleted has one consumer on the new one', async () => {
    await deleteQueue(node, pair.route);
    await pair.recovers();
    await until(async () => (await listQueues(node)).find(({ name }) => name === pair.route)?.consumers === 1);
  });

  it('says that there is no route once the queue of a stopped worker is deleted', async () => {
    await pair.worker.close();
    await deleteQueue(node, pair.route);
    expect(await rejection(pair.ask('nobody'))).to.be.instanceOf(NoRouteError);
  });

  it('has nothing of a closed service left', async () => {
    await pair.api.close();
    await pair.worker.close();
    await until(() => pair.apiProxy.counts.open + pair.workerProxy.counts.open === 0);
    await pause(50);
    expect(await node.evaluate('length(rabbit_networking:connections())')).to.equal('0');
  });

  it('that was killed does not keep a service from ending', async () => {
    const call = pair.ask('open', { waitMs: 5000 }).catch((error) => error);
    await node.kill();
    await pair.api.close();
    await pair.worker.close();
    await call;
    await node.restart();
  });
});
