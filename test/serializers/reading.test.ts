import { expect } from 'chai';
import fc from 'fast-check';
import type { Ctx } from '../../fields/index.js';
import {
  BooleanField,
  CharField,
  FloatField,
  IntegerField,
  ListField,
  nested,
  Serializer,
  ValidationError,
} from '../../serializers/index.js';
import { rejection } from '../support/rejection.js';

const FIELDS = {
  id: new IntegerField(),
  name: new CharField({ maxLength: 3 }),
  price: new FloatField({ maxValue: 10 }),
  isOpen: new BooleanField(),
  tags: new ListField({ child: new CharField({ maxLength: 2 }), maxLength: 2 }),
};
class Product extends Serializer(FIELDS) {}

const VALUES: { readonly [K in keyof typeof FIELDS]: readonly unknown[] } = {
  id: [1, 0, -0, '7', 1.5, null, {}],
  name: ['Tom', ' a ', '', 'long', 5, null],
  price: [1.5, 0, -0, 11, 'dear', '2', null],
  isOpen: [true, false, 'yes', 2, null],
  tags: [['a'], [], ['abc', 'a', 'b'], 'a', [1, null], null],
};

/** Objects of any of these values, or without some. */
const input = fc.record(
  Object.fromEntries(Object.entries(VALUES).map(([name, values]) => [name, fc.constantFrom(...values)])),
  { requiredKeys: [] },
);

/** What each field says when it is asked by itself. */
function askedOneByOne(data: Record<string, unknown>) {
  const values: Record<string, unknown> = {};
  const errors: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    try {
      values[name] = field.runValidation(data[name]);
    } catch (error) {
      errors[name] = (error as ValidationError).messages;
    }
  }
  return Object.keys(errors).length > 0 ? { errors } : { values };
}

async function read(data: unknown) {
  const product = new Product(undefined, { data });
  return (await product.isValid()) ? { values: product.validatedData } : { errors: product.errors };
}

describe('reading input', () => {
  it('gives what every field gives by itself, whichever of the values are ordinary', () =>
    fc.assert(
      fc.asyncProperty(input, async (data) => {
        const expected = askedOneByOne(data);
        expect(await read(data)).to.deep.equal(expected);
        const unusual = Object.assign(Object.create(null), data);
        expect(await read(unusual)).to.deep.equal(expected);
      }),
      { numRuns: 500 },
    ));

  it('gives the same for each item of a list', () =>
    fc.assert(
      fc.asyncProperty(fc.array(input, { maxLength: 5 }), async (data) => {
        const list = Product.many(null, { data });
        const expected = data.map(askedOneByOne);
        const errors = Object.fromEntries(
          expected.flatMap((one, index) => ('errors' in one ? [[index, one.errors]] : [])),
        );
        expect(await list.isValid()).to.equal(Object.keys(errors).length === 0);
        expect(list.errors).to.deep.equal(errors);
        if (Object.keys(errors).length === 0)
          expect(list.validatedData).to.deep.equal(expected.map((one) => one.values));
      }),
      { numRuns: 200 },
    ));

  it('validates once, however often and whenever it is asked', async () => {
    let runs = 0;
    class Slow extends Serializer(
      { n: new IntegerField() },
      {
        validate: async (attrs) => {
          runs += 1;
          return attrs;
        },
      },
    ) {}
    const slow = new Slow(undefined, { data: { n: 1 } });
    expect(await Promise.all([slow.isValid(), slow.isValid()])).to.deep.equal([true, true]);
    expect(await slow.isValid()).to.equal(true);
    expect(runs).to.equal(1);
  });

  it('takes an error without any message for none', async () => {
    const nothing = () => {
      throw new ValidationError([]);
    };
    class Lenient extends Serializer(
      { a: new IntegerField({ validators: [nothing] }), b: new IntegerField({ validators: [async () => nothing()] }) },
      { validators: { b: nothing }, serializerValidators: [nothing], validate: nothing },
    ) {}
    const lenient = new Lenient(undefined, { data: { a: 1, b: 2 } });
    expect(await lenient.isValid()).to.equal(true);
    expect(lenient.validatedData).to.deep.equal({ a: 1, b: 2 });
  });

  it('tells the errors of all validators in their order, asynchronous ones too', async () => {
    const refuse = (text: string) => () => {
      throw new ValidationError(text);
    };
    const validators = [async () => refuse('late')(), refuse('at once'), () => {}];
    class Strict extends Serializer({ a: new IntegerField({ validators }) }) {}
    const strict = new Strict(undefined, { data: { a: 1 } });
    await strict.isValid();
    expect(strict.errors).to.deep.equal({ a: ['late', 'at once'] });
  });

  it('asks fields of your own by whatever method they override, and these throw', async () => {
    class Loud extends CharField {
      override runValidation(data: unknown, ctx?: Ctx): unknown {
        return `${super.runValidation(data, ctx)}!`;
      }
    }
    class Upper extends CharField {
      override toInternalValue(data: unknown): string {
        return super.toInternalValue(data).toUpperCase();
      }
    }
    class Even extends IntegerField {
      constructor() {
        super();
        this.checks.push((value: number) => {
          if (value % 2 === 1) this.fail('invalid');
        });
      }
    }
    class Own extends Serializer({ loud: new Loud(), upper: new Upper(), even: new Even() }) {}
    const good = new Own(undefined, { data: { loud: 'a', upper: 'b', even: 2 } });
    expect(await good.isValid()).to.equal(true);
    expect(good.validatedData).to.deep.equal({ loud: 'a!', upper: 'B', even: 2 });
    const bad = new Own(undefined, { data: { loud: '', upper: [], even: 3 } });
    expect(await bad.isValid()).to.equal(false);
    expect(bad.errors).to.deep.equal({
      loud: ['This field may not be blank.'],
      upper: ['Not a valid string.'],
      even: ['A valid integer is required.'],
    });
    expect(() => new Upper().toInternalValue({})).to.throw(ValidationError);
  });

  it('rejects with what is no refusal, from every place that may throw', async () => {
    const bug = () => {
      throw new TypeError('a bug');
    };
    const number = () => ({ n: new IntegerField() });
    const classes = [
      Serializer({ n: new IntegerField({ validators: [bug] }) }),
      Serializer({ n: new ListField({ child: new IntegerField({ validators: [async () => bug()] }) }) }),
      Serializer(number(), { validators: { n: bug } }),
      Serializer(number(), { validate: bug }),
      Serializer(number(), { serializerValidators: [bug] }),
      Serializer({ n: nested(Serializer({ m: new IntegerField({ default: bug }) })) }),
    ];
    const inputs = [1, [1], 1, 1, 1, {}];
    for (const [index, type] of classes.entries()) {
      const error = await rejection(new type(undefined, { data: { n: inputs[index] } }).isValid());
      expect(error).to.be.instanceOf(TypeError);
    }
  });

  it('keeps a field named __proto__ an own property, its errors too', async () => {
    class Odd extends Serializer({ ['__proto__']: new CharField({ maxLength: 1 }) }) {}
    const odd = new Odd(undefined, { data: JSON.parse('{ "__proto__": "ab" }') });
    expect(await odd.isValid()).to.equal(false);
    expect(JSON.stringify(odd.errors)).to.equal('{"__proto__":["Ensure this field has no more than 1 characters."]}');
  });
});
