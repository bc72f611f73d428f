/** What a row of a response costs, in counts that are the same on every machine. */
import { createHook } from 'node:async_hooks';
import { provide, Service } from 'bgtasks';
import { CharField, IntegerField, RemoteField, Serializer } from 'bgtasks/serializers';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';

const FEW = 10;
const MANY = 1000;

/** Promises and timers that are made until `work` is done. */
async function made(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE' || type === 'Timeout') count += 1;
    },
  }).enable();
  await work();
  hook.disable();
  return count;
}

const rowsOf = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}`, image: id }));

describe('the cost of a row', () => {
  it('is no promise where nothing is remote', async () => {
    class Rows extends Serializer({ id: new IntegerField(), name: new CharField() }) {}
    const cost = (count: number) => made(() => Rows.many(rowsOf(count)).data);
    await cost(FEW);
    expect(await cost(MANY)).to.equal(await cost(FEW));
  });

  it('is no promise, no timer and no call of its own where its objects are remote', async () => {
    const route = unique('rows');
    const worker = autoClose(new Service({ url: rabbitUrl() }));
    let requests = 0;
    worker.rpcTask(route)(
      provide(({ keys }) => {
        requests += 1;
        return keys.map((id) => ({ id, path: `/${id}.jpg` }));
      }),
    );
    await worker.start();
    const service = autoClose(new Service({ url: rabbitUrl() }));
    const image = new RemoteField({ route });
    class Rows extends Serializer({ id: new IntegerField(), name: new CharField(), image }, { service }) {}
    const cost = (count: number) => made(() => Rows.many(rowsOf(count)).data);
    await cost(FEW);
    const few = await cost(FEW);
    const many = await cost(MANY);
    expect(requests).to.equal(3);
    expect(many - few).to.be.below(20); // a longer answer comes in more pieces
  });
});
