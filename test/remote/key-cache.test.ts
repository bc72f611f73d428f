import { expect } from 'chai';
import { KeyCache } from '../../lib/remote/key-cache.js';
import { keyId } from '../../lib/remote/key-id.js';
import { KeyMap, type Keys, type Rows } from '../../lib/remote/key-map.js';
import { rejection } from '../support/rejection.js';

const keys = (...all: readonly unknown[]): Keys => new KeyMap(all.map((key) => [keyId(key), key]));
const plain = (rows: KeyMap<unknown>) => Object.fromEntries(rows);

describe('KeyCache', () => {
  let now: number;
  let asked: unknown[][];

  beforeEach(() => {
    now = 1000;
    asked = [];
  });

  const cache = (max = 100) => new KeyCache({ ttlMs: 50, max }, () => now);
  const fetch = async (missing: Keys): Promise<Rows> => {
    asked.push([...missing.values()]);
    return new KeyMap(Array.from(missing, ([text, id]) => [text, { id, tags: ['a'] }]));
  };
  const none = async (missing: Keys): Promise<Rows> => {
    asked.push([...missing.values()]);
    return new KeyMap();
  };

  it('asks for what it does not have, with the keys as they are', async () => {
    const one = cache();
    expect(plain(await one.load('', keys(1, '2'), fetch))).to.deep.equal({
      1: { id: 1, tags: ['a'] },
      2: { id: '2', tags: ['a'] },
    });
    expect(plain(await one.load('', keys(2, 3), fetch))).to.have.keys('2', '3');
    expect(asked).to.deep.equal([[1, '2'], [3]]);
  });

  it('asks again when the time is over, counted from the answer', async () => {
    const one = cache();
    await one.load('', keys(1), async (missing) => {
      now += 20;
      return fetch(missing);
    });
    now += 49;
    await one.load('', keys(1), fetch);
    expect(asked).to.have.length(1);
    now += 1;
    await one.load('', keys(1), fetch);
    expect(asked).to.have.length(2);
  });

  it('keeps the news that there is no such object', async () => {
    const one = cache();
    expect((await one.load('', keys(1), none)).size).to.equal(0);
    expect((await one.load('', keys(1), fetch)).size).to.equal(0);
    expect(asked).to.deep.equal([[1]]);
  });

  it('shares what is on its way', async () => {
    const one = cache();
    const [a, b] = await Promise.all([one.load('', keys(1, 2), fetch), one.load('', keys(2, 3), fetch)]);
    expect(asked).to.deep.equal([[1, 2], [3]]);
    expect([...a.keys(), ...b.keys()].sort()).to.deep.equal([1, 2, 2, 3]);
  });

  it('keeps no failure: all who waited get it, and the next one asks again', async () => {
    const one = cache();
    const fail = async () => Promise.reject(new Error('down'));
    const both = await Promise.allSettled([one.load('', keys(1), fail), one.load('', keys(1), fetch)]);
    expect(both.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    expect(one.size).to.equal(0);
    expect(plain(await one.load('', keys(1), fetch))).to.have.keys('1');
  });

  it('gives everybody a copy', async () => {
    const one = cache();
    const read = async () => (await one.load('', keys(1), fetch)).get(1) as { tags: string[] };
    (await read()).tags.push('mine');
    (await read()).tags.push('mine too');
    expect(await read()).to.deep.equal({ id: 1, tags: ['a'] });
  });

  it('keeps scopes apart, also where texts run into each other', async () => {
    const one = cache();
    await one.load('1', keys('23'), fetch);
    await one.load('12', keys('3'), fetch);
    await one.load('', keys('123'), fetch);
    await one.load('1', keys('23'), fetch);
    expect(asked).to.deep.equal([['23'], ['3'], ['123']]);
  });

  it('holds so many keys, and lets go first of the one used longest ago', async () => {
    const one = cache(2);
    await one.load('', keys(1, 2), fetch);
    await one.load('', keys(1), fetch);
    await one.load('', keys(3), fetch);
    expect(one.size).to.equal(2);
    await one.load('', keys(1), fetch);
    expect(asked).to.deep.equal([[1, 2], [3]]);
    await one.load('', keys(2), fetch);
    expect(asked.at(-1)).to.deep.equal([2]);
  });

  it('answers more keys at once than it holds', async () => {
    const one = cache(1);
    expect((await one.load('', keys(1, 2, 3), fetch)).size).to.equal(3);
    expect(one.size).to.equal(1);
  });

  it('drops keys for every scope, named as number or text', async () => {
    const one = cache();
    for (const scope of ['a', 'b']) await one.load(scope, keys(1, 2), fetch);
    one.drop(['1']);
    expect(one.size).to.equal(2);
    await one.load('a', keys(1, 2), fetch);
    expect(asked.at(-1)).to.deep.equal([1]);
    one.drop();
    expect(one.size).to.equal(0);
  });

  it('does not keep what was on its way when it was dropped', async () => {
    const one = cache();
    let answer = (_rows: Rows) => {};
    const slow = one.load('', keys(1), () => new Promise((resolve) => (answer = resolve)));
    one.drop([1]);
    const fresh = one.load('', keys(1), fetch);
    answer(new KeyMap([[1, { id: 1, stale: true }]]));
    expect(plain(await slow)).to.deep.equal({ 1: { id: 1, stale: true } });
    await fresh;
    expect(plain(await one.load('', keys(1), fetch))).to.deep.equal({ 1: { id: 1, tags: ['a'] } });
  });

  it('does not let a failure of what was dropped take away what came since', async () => {
    const one = cache();
    let fail = (_error: Error) => {};
    const slow = rejection(one.load('', keys(1), () => new Promise((_, reject) => (fail = reject))));
    one.drop();
    await one.load('', keys(1), fetch);
    fail(new Error('late'));
    await slow;
    expect(one.size).to.equal(1);
  });
});
