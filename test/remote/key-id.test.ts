import { expect } from 'chai';
import fc from 'fast-check';
import { keyId } from '../../lib/remote/key-id.js';

describe('keyId', () => {
  const odd = [
    '',
    '0',
    '-0',
    '00',
    '1.0',
    '1e3',
    '1e21',
    '1e+21',
    ' 1',
    '1 ',
    'NaN',
    'Infinity',
    '0x10',
    '9007199254740993',
  ];
  const keys = [...odd, 0, -0, 1, 1000, 1e21, 0.1, '0.1', 9007199254740993n, 10n, '10', 'b10'];

  it('is equal for keys of equal text, and for no others', () => {
    for (const one of keys) {
      for (const other of keys) {
        const isSame = new Set([keyId(one), keyId(other)]).size === 1;
        expect(isSame, `${typeof one} ${one}, ${typeof other} ${other}`).to.equal(String(one) === String(other));
      }
    }
  });

  it('is equal for a UUID in any case, and for a key of several properties in any order', () => {
    const uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    expect(keyId(uuid.toUpperCase())).to.equal(keyId(uuid));
    expect(keyId({ tenant: 1, sku: 'a' })).to.equal(keyId({ sku: 'a', tenant: '1' }));
    expect(keyId({ tenant: 1, sku: '1,"a' })).to.not.equal(keyId({ tenant: '1,"1', sku: 'a' }));
  });

  it('is so for any keys', () => {
    const key = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.string(), fc.integer().map(String), fc.bigInt());
    const property = fc.property(key, key, (one, other) => {
      expect(keyId(one) === keyId(other)).to.equal(String(one) === String(other));
      expect(String(keyId(one))).to.equal(String(one));
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
