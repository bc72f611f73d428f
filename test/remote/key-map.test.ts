import { expect } from 'chai';
import fc from 'fast-check';
import { KeyColumn } from '../../lib/remote/key-column.js';
import type { KeyId } from '../../lib/remote/key-id.js';
import { KeyMap } from '../../lib/remote/key-map.js';

/** Integers at the edges of what the table takes, and all that it does not. */
const anyId = fc.oneof(
  fc.integer({ min: -3, max: 40 }),
  fc.integer({ min: -(2 ** 31) - 2, max: 2 ** 31 + 2 }),
  fc.constantFrom(-0, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 1.5, 1e300, '', '5', '__proto__', 'constructor'),
  fc.string(),
);

describe('KeyMap', () => {
  it('holds what a Map holds, whatever the ids', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyId, fc.nat()), { maxLength: 400 }), fc.array(anyId), (entries, asked) => {
        const map = new Map<KeyId, number>(entries);
        const keyMap = new KeyMap<number>(entries);
        expect(keyMap.size).to.equal(map.size);
        expect([...keyMap]).to.deep.equal([...map]);
        expect([...keyMap.keys()]).to.deep.equal([...map.keys()]);
        expect([...keyMap.values()]).to.deep.equal([...map.values()]);
        for (const id of [...asked, ...map.keys()]) {
          expect(keyMap.get(id)).to.equal(map.get(id));
          expect(keyMap.has(id)).to.equal(map.has(id));
        }
      }),
    );
  });

  it('has columns, of values for its own ids alone', () => {
    const keys = new KeyMap<string>([
      [1, 'one'],
      ['a', 'A'],
      [2, 'two'],
    ]);
    const column = new KeyColumn<{ id: KeyId }>(keys);
    for (const id of ['a', 3, 1, 'b']) column.add(id, { id });
    column.add(1, { id: 'again' });
    expect([1, 2, 3, 'a', 'b'].map((id) => column.get(id)?.id)).to.deep.equal([
      1,
      undefined,
      undefined,
      'a',
      undefined,
    ]);
    expect([1, 2, 3].map((id) => column.has(id))).to.deep.equal([true, false, false]);
  });

  it('tells an undefined value from none', () => {
    const map = new KeyMap([[7, undefined]]);
    expect([map.has(7), map.has(8), map.size]).to.deep.equal([true, false, 1]);
  });

  it('keeps the values of many integers in any order apart', () => {
    const patterns = [
      (i: number) => (i * 7919) % 100_000,
      (i: number) => i * 4096 - 2 ** 31,
      (i: number) => 2 ** 31 - i,
    ];
    for (const idAt of patterns) {
      const map = new KeyMap<number>();
      for (let i = 0; i < 100_000; i += 1) map.set(idAt(i), i);
      const wrong = Array.from({ length: 100_000 }, (_, i) => i).filter((i) => map.get(idAt(i)) !== i);
      expect(wrong).to.deep.equal([]);
    }
  });
});
