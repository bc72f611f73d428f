/** How changes of rows travel: the message, what is collected for it, and who hears it. */
import { expect } from 'chai';
import type { Broker, Delivery, OutgoingMessage, Subscription } from '../../lib/broker/broker.js';
import { InvalidationListener } from '../../lib/clients/invalidation-listener.js';
import { Invalidations } from '../../lib/clients/invalidations.js';
import { silentLogger } from '../../lib/logger.js';
import { invalidationKey, invalidationMessage, readInvalidation } from '../../lib/protocols/invalidation.js';
import { ChangedRows } from '../../lib/remote/changed-rows.js';
import { rejection } from '../support/rejection.js';
import { pause } from '../support/until.js';

const numbers = (length: number) => Array.from({ length }, (_, i) => i);
const sent = (keys: Parameters<typeof invalidationMessage>[1]) => invalidationMessage('images.get', keys).message;

describe('the message of an invalidation', () => {
  it('brings the keys as they are', () => {
    const keys = [0, 'a', { tenant: 1, sku: 'x' }];
    expect(readInvalidation(sent(keys))).to.deep.equal({ keys });
    expect(readInvalidation(sent(undefined))).to.deep.equal({ keys: undefined });
  });

  it('means every row where there are too many keys, or too long ones', () => {
    expect(readInvalidation(sent(numbers(1000)))?.keys).to.have.length(1000);
    expect(readInvalidation(sent(numbers(1001)))).to.deep.equal({ keys: undefined });
    const long = numbers(1000).map((n) => `${n}${'x'.repeat(100)}`);
    expect(readInvalidation(sent(long))).to.deep.equal({ keys: undefined });
    expect(sent(long).body.length).to.be.lessThan(100);
  });

  it('has a routing key that RabbitMQ takes, whatever the route', () => {
    expect(invalidationKey('images.get')).to.equal('invalidate.images.get');
    const [one, other] = ['a', 'b'].map((end) => invalidationKey('r'.repeat(254) + end));
    expect(Buffer.byteLength(one as string)).to.be.at.most(255);
    expect(one).not.to.equal(other);
  });

  const properties = { type: 'invalidate' };
  for (const body of ['', 'x', 'null', '7', '[]', '{}', '{"keys":1}', '{"keys":[null]}', '{"keys":[{}]}']) {
    it(`is taken as every row where it says ${body || 'nothing'}`, () => {
      expect(readInvalidation({ body: Buffer.from(body), properties })).to.deep.equal({ keys: undefined });
    });
  }

  for (const body of [
    `{"keys":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    '{"keys":[{"a":{"b":1}}]}',
    '{"__proto__":{"keys":[1]}}',
    `{"keys":[${numbers(1001)}]}`,
    `{"keys":["${'x'.repeat(70_000)}"]}`,
  ]) {
    it(`is taken as every row where it is meant badly: ${body.slice(0, 30)}`, () => {
      expect(readInvalidation({ body: Buffer.from(body), properties })).to.deep.equal({ keys: undefined });
    });
  }

  it('is nothing of another type', () => {
    expect(readInvalidation({ body: sent([1]).body, properties: { type: 'cancel' } })).to.equal(undefined);
  });
});

describe('ChangedRows', () => {
  it('has each key once, and every row where one change does not know its keys', () => {
    const rows = new ChangedRows();
    rows.add('a', [1, '1', 2]);
    rows.add('a', [2]);
    rows.add('b', [1]);
    rows.add('b', undefined);
    rows.add('b', [2]);
    expect(rows.take()).to.deep.equal([
      ['a', ['1', 2]],
      ['b', undefined],
    ]);
    expect([rows.isEmpty, rows.take()]).to.deep.equal([true, []]);
  });

  it('keeps no more keys than a message names', () => {
    const rows = new ChangedRows();
    rows.add('a', numbers(1000));
    rows.add('b', numbers(1001));
    const [[, a], [, b]] = rows.take() as [[string, unknown], [string, unknown]];
    expect(a).to.have.length(1000);
    expect(b).to.equal(undefined);
  });
});

describe('Invalidations', () => {
  let published: OutgoingMessage[];
  let here: unknown[];
  let publish: () => Promise<void>;
  const warnings: string[] = [];

  const made = () =>
    new Invalidations({
      broker: {
        publish: async (message: OutgoingMessage) => {
          published.push(message);
          await publish();
        },
      } as unknown as Broker,
      log: { ...silentLogger, warn: (_facts: object, message?: string) => void warnings.push(message ?? '') },
      invalidateHere: (route, keys) => here.push([route, keys]),
    });

  beforeEach(() => {
    published = [];
    here = [];
    publish = async () => {};
    warnings.length = 0;
  });

  it('sends what comes in one turn as one message per route, and forgets here at once', async () => {
    const invalidations = made();
    invalidations.add('a', [1]);
    invalidations.add('b', undefined);
    invalidations.add('a', [2]);
    expect(here).to.deep.equal([
      ['a', [1]],
      ['b', undefined],
      ['a', [2]],
    ]);
    expect(published).to.deep.equal([]);
    await invalidations.flush(1000);
    expect(published.map(({ body }) => String(body))).to.deep.equal(['{"route":"a","keys":[1,2]}', '{"route":"b"}']);
  });

  it('gathers while the broker takes nothing, and then sends all of it', async () => {
    const invalidations = made();
    let confirm: (() => void) | undefined;
    publish = () => new Promise((resolve) => (confirm = resolve));
    invalidations.add('a', [1]);
    await new Promise((resolve) => setImmediate(resolve));
    for (const key of [2, 3, 4]) {
      invalidations.add('a', [key]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(published).to.have.length(1);
    publish = async () => {};
    confirm?.();
    await invalidations.flush(1000);
    expect(published.map(({ body }) => String(body)).slice(1)).to.deep.equal(['{"route":"a","keys":[2,3,4]}']);
  });

  it('sends what comes at whatever moment after the last message', async () => {
    for (let moment = 0; moment < 12; moment++) {
      const invalidations = made();
      published = [];
      publish = async () => {
        publish = async () => {};
        let turns = Promise.resolve();
        for (let i = 0; i < moment; i++) turns = turns.then(() => {});
        void turns.then(() => invalidations.add('b', [2]));
      };
      invalidations.add('a', [1]);
      await pause(5);
      expect(published.map(({ body }) => String(body)).slice(1)).to.deep.equal(['{"route":"b","keys":[2]}']);
    }
  });

  it('says so where nothing could be sent, and goes on', async () => {
    const invalidations = made();
    publish = async () => {
      throw new Error('refused');
    };
    invalidations.add('a', [1]);
    await invalidations.flush(1000);
    expect(warnings).to.deep.equal(['caches were not told of changed rows']);
    expect(await rejection(invalidations.publish('a', [1]))).to.have.property('message', 'refused');
    invalidations.add('a', [2]);
    await invalidations.flush(1000);
    expect(published).to.have.length(3);
  });

  it('is not waited for longer than one is willing to', async () => {
    const invalidations = made();
    publish = () => new Promise(() => {});
    invalidations.add('a', [1]);
    await invalidations.flush(5);
    expect(published).to.have.length(1);
  });
});

describe('InvalidationListener', () => {
  let subscriptions: Subscription[];
  let cancelled: number;
  let forgotten: unknown[];
  let consume: () => Promise<void>;
  const warnings: string[] = [];

  const made = () =>
    new InvalidationListener({
      broker: {
        consume: async (subscription: Subscription) => {
          subscriptions.push(subscription);
          await consume();
          subscription.onConsumed?.();
          return {
            cancel: async () => {
              cancelled += 1;
            },
          };
        },
      } as unknown as Broker,
      log: { ...silentLogger, warn: (_facts: object, message?: string) => void warnings.push(message ?? '') },
      forget: (route, keys) => forgotten.push([route, keys]),
    });
  const keysOf = ({ bindings = [] }: Subscription) => bindings.map(({ routingKey }) => routingKey);
  const deliver = (listener: Subscription | undefined, message: OutgoingMessage) => {
    const acks: true[] = [];
    listener?.onDelivery({ ...message, ack: () => acks.push(true) } as unknown as Delivery);
    return acks.length;
  };

  beforeEach(() => {
    subscriptions = [];
    forgotten = [];
    cancelled = 0;
    consume = async () => {};
    warnings.length = 0;
  });

  it('opens nothing before it is asked, and one queue for the routes of one moment', async () => {
    const listener = made();
    expect(subscriptions).to.deep.equal([]);
    expect(await Promise.all([listener.hears('a'), listener.hears('b'), listener.hears('a')])).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect(keysOf(subscriptions.at(-1) as Subscription)).to.deep.equal(['invalidate.a', 'invalidate.b']);
    expect(cancelled).to.equal(subscriptions.length - 1);
    expect(listener.hears('a')).to.equal(true);
  });

  it('forgets what it hears of, and acknowledges whatever comes', async () => {
    const listener = made();
    await listener.hears('images.get');
    forgotten.length = 0;
    const [subscription] = subscriptions;
    expect(deliver(subscription, sent([1, 2]))).to.equal(1);
    expect(deliver(subscription, sent(undefined))).to.equal(1);
    expect(deliver(subscription, { ...sent([3]), routingKey: 'invalidate.other' })).to.equal(1);
    expect(deliver(subscription, { ...sent([3]), properties: {} })).to.equal(1);
    expect(forgotten).to.deep.equal([
      ['images.get', [1, 2]],
      ['images.get', undefined],
    ]);
  });

  it('forgets everything of its routes when it is lost, and hears again when it is back', async () => {
    const listener = made();
    await listener.hears('a');
    forgotten.length = 0;
    subscriptions[0]?.onLost?.();
    expect(forgotten).to.deep.equal([['a', undefined]]);
    expect(listener.hears('a')).to.equal(false);
    subscriptions[0]?.onConsumed?.();
    expect(listener.hears('a')).to.equal(true);
  });

  it('goes on without, says so once, and tries again later where there is no such queue', async () => {
    const listener = made();
    consume = async () => {
      throw new Error('ACCESS_REFUSED');
    };
    expect([await listener.hears('a'), await listener.hears('b')]).to.deep.equal([true, true]);
    expect(subscriptions).to.have.length(1);
    expect(warnings).to.deep.equal(['changes of cached objects are not heard for now']);
  });

  it('forgets what was kept without it once it hears', async () => {
    const listener = made();
    await listener.hears('a');
    expect(forgotten).to.deep.equal([['a', undefined]]);
  });
});
