import { type Caller, runAs } from 'bgtasks';
import { expect } from 'chai';
import { callerKey } from '../../lib/remote/caller-key.js';
import { copyJson } from '../../lib/remote/copy.js';

const keyOf = (caller: object) => runAs(caller as Caller, () => callerKey());

describe('the key of a caller', () => {
  it('is empty where nobody is known, whatever the request', () => {
    expect(callerKey()).to.equal('');
    expect(keyOf({ url: '/a', traceparent: '00-1' })).to.equal('');
  });

  it('is the same for one user at different addresses, however its members are ordered', () => {
    expect(keyOf({ url: '/a', user: 1, tenant: 'x' })).to.equal(keyOf({ tenant: 'x', user: 1, url: '/b' }));
  });

  for (const [one, other] of [
    [{ user: 1 }, { user: 2 }],
    [{ user: 1 }, { user: '1' }],
    [{ user: 1 }, { user: 1, tenant: 'x' }],
    [{ user: null }, {}],
    [{ user: { id: 1 } }, { user: { id: 2 } }],
  ]) {
    it(`tells ${JSON.stringify(one)} from ${JSON.stringify(other)}`, () => {
      expect(keyOf(one as object)).to.not.equal(keyOf(other as object));
    });
  }

  for (const [what, scope] of [
    ['a promise', async () => 'x'],
    ['an object', () => ({ tenant: 'x' })],
  ] as const) {
    it(`is not ${what}, which all callers would have in common`, () => {
      expect(() => callerKey(scope as never))
        .to.throw('RemoteField: the "scope" of a "cache" must give a text, not')
        .with.property('code', 'USAGE');
    });
  }

  it('is what the scope of a field says', () => {
    const scope = (caller: Caller) => String((caller as { tenant?: string }).tenant);
    expect(runAs({ tenant: 'x', user: 1 } as Caller, () => callerKey(scope))).to.equal('x');
  });
});

describe('copyJson', () => {
  it('copies all the way down, and names that every object inherits as they are', () => {
    const value = JSON.parse('{"a":[1,{"b":null}],"__proto__":{"c":true},"constructor":"x"}');
    const copy = copyJson(value);
    expect(JSON.stringify(copy)).to.equal(JSON.stringify(value));
    expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype);
    copy.a[1].b = 1;
    expect(value.a[1].b).to.equal(null);
  });
});
