import { expect } from 'chai';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { scheduleTopology } from '../../lib/topology/schedule.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { until } from '../support/until.js';
import { startWorker } from '../support/worker-process.js';

const KILLS = 20;
const TASKS = new URL('../faults/tasks/schedule.js', import.meta.url);

describe(`a schedule of three processes, of which ${KILLS} are killed one after the other`, () => {
  it('fires each slot once', async () => {
    const service = unique('clock');
    const { exchange, key, declarations } = scheduleTopology(service, 'beat');
    const fired: unknown[] = [];
    const broker = autoClose(await openBroker(rabbitUrl(), silentLogger));
    // Beside the queue of runs, which may bring the run of a killed worker twice.
    await broker.declare(declarations);
    await broker.consume({
      bindings: [{ exchange, routingKey: key }],
      prefetch: 10,
      onDelivery: (delivery) => {
        fired.push(delivery.properties.messageId);
        delivery.ack();
      },
    });
    const worker = () => startWorker(TASKS, { BGTASKS_URL: rabbitUrl(), BGTASKS_SERVICE_NAME: service });
    const workers = [await worker(), await worker(), await worker()];
    for (const each of workers) autoClose(each);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const reached = fired.length + 1;
      await workers.shift()?.kill();
      const next = autoClose(await worker());
      workers.push(next);
      await until(() => fired.length > reached);
    }
    const slots = fired.map((id) => Number(String(id).split('@')[1]));
    expect(slots).to.deep.equal(slots.map((_slot, index) => (slots[0] ?? 0) + index * 1000));
  });
});
