import { expect } from 'chai';
import type { Broker, Delivery } from '../../lib/broker/broker.js';
import { holdBack } from '../../lib/worker/hold-back.js';
import { rejection } from '../support/rejection.js';
import { pause } from '../support/until.js';

describe('a message that is not to be started yet', () => {
  it('goes back to its queue where it cannot be put off, but not in haste: it would come again at once', async () => {
    const settled: unknown[] = [];
    const delivery = {
      body: Buffer.alloc(0),
      properties: {},
      ack: () => settled.push('ack'),
      reject: (how: object) => settled.push(how),
    } as unknown as Delivery;
    const broker = { publish: () => Promise.reject(new Error('full')) } as unknown as Broker;
    const held = rejection(holdBack(broker, 'queue', Date.now() + 60_000, delivery));
    await pause(300);
    expect(settled).to.deep.equal([]);
    expect(await held).to.have.property('message', 'full');
    expect(settled).to.deep.equal([{ requeue: true }]);
  });
});
