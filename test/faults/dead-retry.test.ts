/** `bgtasks dead retry` that is cut off in its middle: no letter is lost, and it says where some may come twice. */
import { expect } from 'chai';
import type { Broker } from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { deadQueueOf, workQueue } from '../../lib/topology/work-queue.js';
import { Application } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { Ledger } from '../support/ledger.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const LETTERS = 1500;
/** Letters that the command has under way at once: so many may come twice for each time that it is cut off. */
const UNDER_WAY = 100;

describe('bgtasks dead retry', function () {
  this.timeout(60_000);
  let queue: string;
  let ledger: Ledger;
  let broker: Broker;
  let proxy: TcpProxy;
  let app: Application;

  beforeEach(async () => {
    queue = unique('retried');
    ledger = autoClose(new Ledger());
    broker = autoClose(await openBroker(rabbitUrl(), silentLogger));
    proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
    app = autoClose(new Application({ 'package.json': '{"type":"module"}' }));
    await broker.declare(workQueue(queue));
    const letters = Array.from({ length: LETTERS }, (_, id) => letter(id));
    await Promise.all(letters.map((each) => broker.publish(each)));
    for (let id = 0; id < LETTERS; id += 1) ledger.published(id);
  });

  const letter = (id: number) => ({
    exchange: '',
    routingKey: deadQueueOf(queue),
    body: Buffer.from(String(id)),
    properties: { messageId: String(id), deliveryMode: 2 },
  });
  const messagesIn = async (name: string) => (await broker.inspect(name))?.messages ?? 0;

  /** Slow enough to be met in its middle. */
  const retryWithin = async () => {
    const url = new URL(rabbitUrl());
    url.port = String(proxy.port);
    proxy.slow({ latencyMs: 30 });
    const running = app.start(['dead', 'retry', queue], { BGTASKS_URL: url.href });
    await until(async () => (await messagesIn(queue)) > LETTERS / 5);
    return running;
  };
  const retryTheRest = () => app.run(['dead', 'retry', queue], { BGTASKS_URL: rabbitUrl() });

  /** All that has come back to its queue. */
  const countEffects = async () => {
    await broker.consume({
      queue,
      prefetch: 1000,
      onDelivery: (delivery) => {
        ledger.effect(delivery.body.toString());
        delivery.ack();
      },
    });
    await until(() => ledger.lost().length === 0);
    expect(ledger.unexpected()).to.deep.equal([]);
  };

  it('that is killed loses nothing, and doubles at most what it had under way', async () => {
    const running = await retryWithin();
    running.kill('SIGKILL');
    await running.finished;
    await until(async () => (await messagesIn(deadQueueOf(queue))) > 0);
    const { code } = await retryTheRest();
    expect(code).to.equal(0);
    await countEffects();
    expect(ledger.duplicates().length).to.be.at.most(UNDER_WAY);
  });

  it('whose connection is cut goes on, loses nothing, and says that some may come twice', async () => {
    const running = await retryWithin();
    proxy.cut();
    proxy.thaw();
    const { out, error } = await running.finished;
    const left = await messagesIn(deadQueueOf(queue));
    expect(out).to.equal(`${LETTERS} of ${LETTERS} dead letters were published again.\n`);
    await retryTheRest();
    await countEffects();
    const [, most = '0'] = /The connection was lost meanwhile: up to (\d+) of them may come twice/.exec(error) ?? [];
    expect(ledger.duplicates().length).to.be.at.most(Number(most));
    expect(left).to.be.at.most(Number(most));
    expect(Number(most)).to.equal(UNDER_WAY);
  });
});
