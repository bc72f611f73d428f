import { expect } from 'chai';
import fc from 'fast-check';
import { readJson, writeJson } from '../../lib/protocols/json-body.js';
import type { JsonNumbers } from '../../lib/protocols/json-numbers.js';

const read = (text: string, numbers?: JsonNumbers) => readJson(Buffer.from(text), 1_000_000, numbers);
const write = (value: unknown, numbers?: JsonNumbers) => writeJson(value, 1_000_000, numbers).toString();

describe('numbers of Python in JSON', () => {
  it('are refused where no setting says how to read NaN and Infinity', () => {
    for (const text of ['{"nan": NaN, "inf": Infinity}', '[-Infinity]', 'NaN']) {
      expect(() => read(text), text)
        .to.throw()
        .with.property('code', 'BAD_BODY');
    }
    expect(() => read('[NaN]')).to.throw('setting "json"');
    expect(() => read('[NaN]', { bigIntegers: 'string' })).to.throw('not JSON');
  });

  it('are null or themselves by setting', () => {
    const text = '{"nan": NaN, "inf": [Infinity, -Infinity], "text": "NaN, Infinity \\" NaN"}';
    expect(read(text, { nonFinite: 'null' })).to.deep.equal({
      nan: null,
      inf: [null, null],
      text: 'NaN, Infinity " NaN',
    });
    expect(read(text, { nonFinite: 'number' })).to.deep.equal({
      nan: Number.NaN,
      inf: [Infinity, -Infinity],
      text: 'NaN, Infinity " NaN',
    });
  });

  it('keep the digits of integers beyond 2^53 as a text or a BigInt', () => {
    const text = '{"id": 9223372036854775809, "small": 9007199254740991, "minus": -9223372036854775809, "real": 1.5e3}';
    const small = { small: 9007199254740991, real: 1500 };
    expect(read(text, { bigIntegers: 'string' })).to.deep.equal({
      ...small,
      id: '9223372036854775809',
      minus: '-9223372036854775809',
    });
    expect(read(text, { bigIntegers: 'bigint' })).to.deep.equal({
      ...small,
      id: 9223372036854775809n,
      minus: -9223372036854775809n,
    });
    expect(read(text)).to.have.property('id', 2 ** 63);
    expect(read('[0.12345678901234567890, 12345678901234567890e-5]', { bigIntegers: 'string' })).to.deep.equal([
      0.12345678901234568, 123456789012345.67,
    ]);
  });

  it('are written as Python writes them, where the setting reads them so', () => {
    expect(
      write([9223372036854775809n, Number.NaN, -Infinity], { bigIntegers: 'bigint', nonFinite: 'number' }),
    ).to.equal('[9223372036854775809,NaN,-Infinity]');
    expect(write([Number.NaN])).to.equal('[null]');
    expect(() => write([1n]))
      .to.throw()
      .with.property('code', 'BAD_BODY');
  });

  it('are bounded: an integer of too many digits is refused at once', () => {
    expect(() => read('9'.repeat(500_000), { bigIntegers: 'bigint' })).to.throw('500000 digits');
    expect(read('9'.repeat(5000), { bigIntegers: 'string' })).to.have.length(5000);
  });

  it('change nothing else, in any JSON', () => {
    const all = { nonFinite: 'number', bigIntegers: 'bigint' } as const;
    fc.assert(
      fc.property(fc.json(), (text) => {
        if (text.includes('__proto__')) return;
        expect(read(text, { nonFinite: 'null' })).to.deep.equal(read(text));
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.bigInt(), fc.double())), (value) => {
        if (Object.hasOwn(value, '__proto__')) return;
        const back = read(write(value, all), all) as Record<string, unknown>;
        for (const [key, each] of Object.entries(value)) {
          // -0 is 0 in JSON, and whole numbers are a number or a BigInt by their size alone.
          const isSame = Object.is(back[key], each) || back[key] === each || Number(back[key]) === Number(each);
          expect(isSame).to.equal(true);
        }
      }),
    );
  });
});
