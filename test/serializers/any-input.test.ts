import { expect } from 'chai';
import fc from 'fast-check';
import {
  BooleanField,
  CharField,
  DateTimeField,
  IntegerField,
  JSONField,
  ListField,
  nested,
  Serializer,
} from '../../serializers/index.js';

class Inner extends Serializer({ n: new IntegerField(), text: new CharField({ required: false }) }) {}
class Outer extends Serializer({
  name: new CharField({ maxLength: 5 }),
  flag: new BooleanField({ allowNull: true }),
  at: new DateTimeField({ source: 'when.at' }),
  inner: nested(Inner),
  all: nested(Inner, { source: '*', required: false }),
  list: nested(Inner, { many: true, maxLength: 3 }),
  numbers: new ListField({ child: new IntegerField() }),
  any: new JSONField(),
  constructor: new CharField({ required: false }),
  ...Object.fromEntries([['__proto__', new CharField({ required: false })]]),
}) {}

const NAMES = ['name', 'flag', 'at', 'inner', 'all', 'list', 'numbers', 'any', 'constructor', '__proto__', 'n', 'text'];

/** Objects with the names of the fields, values of any kind. */
const input = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), tie('named'), fc.array(tie('value'), { maxLength: 5 })),
  named: fc
    .array(fc.tuple(fc.constantFrom(...NAMES), tie('value')), { maxLength: NAMES.length })
    .map((entries) => Object.fromEntries(entries)),
})).value;

function isTree(errors: unknown): boolean {
  if (Array.isArray(errors)) return errors.every((text) => typeof text === 'string');
  return typeof errors === 'object' && errors !== null && Object.values(errors).every(isTree);
}

describe('any JSON value', () => {
  for (const [what, make] of [
    ['a serializer', (data: unknown) => new Outer(undefined, { data })],
    ['a partial update', (data: unknown) => new Outer({ name: 'x' }, { data, partial: true })],
    ['a list', (data: unknown) => Outer.many(null, { data, minLength: 1, maxLength: 4 })],
  ] as const) {
    it(`is accepted or refused by ${what}, with errors in one shape`, () =>
      fc.assert(
        fc.asyncProperty(input, async (data) => {
          const serializer = make(JSON.parse(JSON.stringify(data)));
          if (await serializer.isValid()) expect(Object.getPrototypeOf(serializer.validatedData)).not.to.equal(null);
          else expect(isTree(serializer.errors), JSON.stringify(serializer.errors)).to.equal(true);
          expect(({} as { name?: unknown }).name).to.equal(undefined);
        }),
        { numRuns: 500 },
      ));
  }

  it('is refused where it goes deeper than the stack', async () => {
    class Tree extends Serializer({
      // biome-ignore lint/suspicious/noExplicitAny: a class cannot infer its own type
      next: nested((): any => Tree, { required: false }),
    }) {}
    let data: object = {};
    for (let depth = 0; depth < 5000; depth++) data = { next: data };
    const serializer = new Tree(undefined, { data });
    expect(await serializer.isValid()).to.equal(false);
    expect(JSON.stringify(serializer.errors)).to.contain('at most 100 objects');
  });
});
