import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { ServicePair } from '../faults/service-pair.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const RECONNECTS = 1000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What may grow: heap in bytes, and what is open or listened to. */
function footprint() {
  collectGarbage();
  collectGarbage();
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return { heap: process.memoryUsage().heapUsed, open: process.getActiveResourcesInfo().length, listeners };
}

describe(`${RECONNECTS} reconnects`, () => {
  it('leave no call, no listener, no connection and no memory behind', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    const pair = await ServicePair.start(rabbitUrl());
    const reconnect = async () => {
      const { accepted } = pair.workerProxy.counts;
      const call = pair.ask('cut', { waitMs: 10 }).catch(() => {});
      pair.workerProxy.cut();
      pair.apiProxy.cut();
      await call;
      await until(() => pair.workerProxy.counts.accepted > accepted && pair.worker.health().consuming);
      await pair.recovers();
    };
    for (let warmUp = 0; warmUp < 100; warmUp += 1) await reconnect();
    const before = footprint();
    for (let round = 0; round < RECONNECTS; round += 1) await reconnect();
    const after = footprint();
    process.off('warning', onWarning);
    console.log(`      heap: ${Math.round((after.heap - before.heap) / 1000)} kB more after ${RECONNECTS} reconnects`);
    expect(pair.api.health().pendingCalls).to.equal(0);
    expect(pair.apiProxy.counts.open + pair.workerProxy.counts.open).to.equal(2);
    expect(after.open).to.be.at.most(before.open + 5);
    expect(after.listeners).to.equal(before.listeners);
    // A leak of one kilobyte a reconnect is 1 MB; less than 2 MB is what a heap moves by on its own.
    expect(after.heap - before.heap).to.be.below(2_000_000);
    expect(warnings).to.deep.equal([]);
  });
});
