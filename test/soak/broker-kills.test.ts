import { expect } from 'chai';
import { loadOfCalls } from '../faults/load.js';
import { ServicePair } from '../faults/service-pair.js';
import { startOwnNode } from '../support/own-node.js';
import type { RabbitNode } from '../support/rabbitmq.js';
import { pause } from '../support/until.js';

const KILLS = 15;

describe(`a broker that is killed ${KILLS} times under load`, () => {
  let node: RabbitNode;

  before(async function () {
    node = await startOwnNode(this);
  });
  after(() => node?.stop());

  it('has every call settled and answered again each time', async () => {
    const pair = await ServicePair.start(node.url);
    const load = loadOfCalls(pair.api, pair);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await load.goesOn();
      await pause(Math.random() * 200);
      await node.restart();
    }
    await load.goesOn();
    await load.stop();
    expect(load.wrong).to.deep.equal([]);
    expect(pair.ledger.lost()).to.deep.equal([]);
    expect(pair.api.health().pendingCalls).to.equal(0);
  });
});
