import { createHook } from 'node:async_hooks';
import { expect } from 'chai';
import { checkBody } from '../../lib/schema.js';
import { ValidationError } from '../../lib/validation-error.js';
import {
  BooleanField,
  CharField,
  DateTimeField,
  DictField,
  HiddenField,
  IntegerField,
  ListField,
  MethodField,
  nested,
  ReadOnlyField,
  Serializer,
} from '../../serializers/index.js';

const codeOf = async (run: () => unknown): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'nothing was thrown';
};

class Address extends Serializer({ city: new CharField(), zip: new IntegerField({ required: false }) }) {}
class Person extends Serializer({
  id: new IntegerField({ readOnly: true }),
  name: new CharField({ maxLength: 5 }),
  isAdmin: new BooleanField({ default: false }),
  address: nested(Address, { required: false, allowNull: true }),
}) {}

describe('Serializer: showing', () => {
  it('gives a promise of plain data', async () => {
    const row = { id: 1, name: 'Tom', isAdmin: true, address: { city: 'Rome', zip: 1 }, other: 'x' };
    const data = new Person(row).data;
    expect(data).to.be.instanceOf(Promise);
    expect(await data).to.deep.equal({ id: 1, name: 'Tom', isAdmin: true, address: { city: 'Rome', zip: 1 } });
  });

  it('shows a list, null for a null object, and no write-only field', async () => {
    const S = Serializer({
      a: nested(Address),
      secret: new CharField({ writeOnly: true }),
      h: new HiddenField({ default: 1 }),
    });
    expect(await S.many([{ a: null }, { a: { city: 'x' } }]).data).to.deep.equal([{ a: null }, { a: { city: 'x' } }]);
  });

  it('shows a date as ISO 8601, a value by its source, and what methods give with their context', async () => {
    const S = Serializer({
      at: new DateTimeField(),
      city: new CharField({ source: 'address.city' }),
      all: new ReadOnlyField({ source: '*' }),
      hello: new MethodField((row: { n: number }, { context }) => `${context.greeting} ${row.n}`),
    });
    const row = { at: new Date(0), address: { city: 'Rome' }, n: 1 };
    expect(await new S(row, { context: { greeting: 'hi' } }).data).to.deep.equal({
      at: '1970-01-01T00:00:00Z',
      city: 'Rome',
      all: row,
      hello: 'hi 1',
    });
  });

  it('hands the context down to nested serializers', async () => {
    const Inner = Serializer({ x: new MethodField((_row: object, { context }) => context.x) });
    const Outer = Serializer({ one: nested(Inner), more: nested(Inner, { many: true }) });
    const shown = await new Outer({ one: {}, more: [{}, {}] }, { context: { x: 7 } }).data;
    expect(shown).to.deep.equal({ one: { x: 7 }, more: [{ x: 7 }, { x: 7 }] });
  });

  it('says which field an object has nothing for', async () => {
    const error = await new Person({ id: 1, isAdmin: true }).data.catch((thrown) => thrown);
    expect(error.code).to.equal('USAGE');
    expect(error.message).to.contain('"name"');
  });

  it('shows the default, null or nothing where that says what to do', async () => {
    const S = Serializer({
      a: new CharField({ default: 'd' }),
      b: new CharField({ allowNull: true }),
      c: new CharField({ required: false }),
      d: new CharField({ readOnly: true }),
    });
    expect(await new S({}).data).to.deep.equal({ a: 'd', b: null });
  });

  it('shows an empty form where there is neither an object nor input', async () => {
    expect(await new Person().data).to.deep.equal({ name: '', isAdmin: false, address: { city: '', zip: null } });
    expect(await Person.many().data).to.deep.equal([]);
  });

  it('shows invalid input as it was sent', async () => {
    const serializer = new Person({ id: 1 }, { data: { id: 2, name: 'too long', other: 1 } });
    await serializer.isValid();
    expect(await serializer.data).to.deep.equal({ name: 'too long' });
  });

  it('has no fields from what every object inherits', async () => {
    const S = Serializer({
      constructor: new CharField({ allowNull: true }),
      toString: new CharField({ allowNull: true }),
    });
    expect(await new S({}).data).to.deep.equal({ constructor: null, toString: null });
    expect(await new S({ constructor: 'x', toString: 'y' }).data).to.deep.equal({ constructor: 'x', toString: 'y' });
  });

  it('makes no promise per row where nothing is asynchronous', async () => {
    const S = Serializer({ n: new IntegerField() });
    const rows = Array.from({ length: 500 }, (_, n) => ({ n }));
    let made = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'PROMISE') made++;
      },
    });
    hook.enable();
    try {
      await S.many(rows).data;
      const input = S.many(null, { data: rows });
      await input.isValid();
    } finally {
      hook.disable();
    }
    expect(made).to.be.lessThan(50);
  });

  it('lets classes refer to each other', async () => {
    type Node = { n: number; next: Node | null };
    class Tree extends Serializer({
      n: new IntegerField(),
      // biome-ignore lint/suspicious/noExplicitAny: a class cannot infer its own type
      next: nested((): any => Tree, { allowNull: true }),
    }) {}
    const row: Node = { n: 1, next: { n: 2, next: null } };
    expect(await new Tree(row).data).to.deep.equal(row);
  });
});

describe('Serializer: reading', () => {
  const check = async (data: unknown, options = {}) => {
    const serializer = new Person(undefined, { data, ...options });
    return (await serializer.isValid()) ? serializer.validatedData : serializer.errors;
  };

  it('gives the values of valid input', async () => {
    expect(await check({ id: 9, name: ' Tom ', isAdmin: 'yes', address: { city: 'Rome', zip: '7' } })).to.deep.equal({
      name: 'Tom',
      isAdmin: true,
      address: { city: 'Rome', zip: 7 },
    });
    expect(await check({ name: 'Tom', address: null })).to.deep.equal({ name: 'Tom', isAdmin: false, address: null });
  });

  it('gives every error at its place', async () => {
    expect(await check({ name: 'too long', isAdmin: 'x', address: { zip: 'x' } })).to.deep.equal({
      name: ['Ensure this field has no more than 5 characters.'],
      isAdmin: ['Must be a valid boolean.'],
      address: { city: ['This field is required.'], zip: ['A valid integer is required.'] },
    });
    expect(await check({ name: 'a', address: 5 })).to.deep.equal({
      address: { non_field_errors: ['Invalid data. Expected a dictionary, but got number.'] },
    });
  });

  it('neither requires nor defaults in a partial update', async () => {
    expect(await check({ address: { zip: 1 } }, { partial: true })).to.deep.equal({ address: { zip: 1 } });
  });

  it('reads own properties alone', async () => {
    expect(await check(Object.create({ name: 'Tom' }))).to.deep.equal({ name: ['This field is required.'] });
    const S = Serializer({ constructor: new CharField(), ...Object.fromEntries([['__proto__', new CharField()]]) });
    const empty = new S(undefined, { data: {} });
    await empty.isValid();
    expect(Object.keys(empty.errors)).to.deep.equal(['constructor', '__proto__']);
    const full = new S(undefined, { data: JSON.parse('{"constructor":"a","__proto__":"b"}') });
    expect(await full.isValid()).to.equal(true);
    expect(JSON.stringify(full.validatedData)).to.equal('{"constructor":"a","__proto__":"b"}');
  });

  it('puts values under their source', async () => {
    const S = Serializer({
      a: new CharField({ source: 'x.a' }),
      b: new CharField({ source: 'x.b' }),
      c: new CharField({ source: 'd' }),
    });
    const serializer = new S(undefined, { data: { a: '1', b: '2', c: '3' } });
    await serializer.isValid();
    expect(serializer.validatedData).to.deep.equal({ x: { a: '1', b: '2' }, d: '3' });
  });

  it('adds the default of a hidden field, whatever was sent', async () => {
    const S = Serializer({ who: new HiddenField({ default: ({ context }) => context.user as number }) });
    const serializer = new S(undefined, { data: { who: 1 }, context: { user: 7 } });
    await serializer.isValid();
    expect(serializer.validatedData).to.deep.equal({ who: 7 });
  });

  it('runs the hooks of fields and of the whole, asynchronous or not', async () => {
    const S = Serializer(
      { name: new CharField(), age: new IntegerField({ required: false }) },
      {
        validators: {
          name: async (name) => {
            if (name === 'bad') throw new ValidationError('No such name.');
            return name.toUpperCase();
          },
          age: (age) => age + 1,
        },
        validate: (attrs, { context }) => {
          if (attrs.name === context.taken) throw new ValidationError('Taken.');
          return { ...attrs, name: `${attrs.name}!` };
        },
      },
    );
    const run = async (data: unknown) => {
      const serializer = new S(undefined, { data, context: { taken: 'TOM' } });
      return (await serializer.isValid()) ? serializer.validatedData : serializer.errors;
    };
    expect(await run({ name: 'ann', age: '3' })).to.deep.equal({ name: 'ANN!', age: 4 });
    expect(await run({ name: 'ann' })).to.deep.equal({ name: 'ANN!' });
    expect(await run({ name: 'bad', age: 'x' })).to.deep.equal({
      name: ['No such name.'],
      age: ['A valid integer is required.'],
    });
    expect(await run({ name: 'tom' })).to.deep.equal({ non_field_errors: ['Taken.'] });
  });

  it('lets validate() and toInternalValue() be overridden', async () => {
    class S extends Serializer({ n: new IntegerField() }) {
      override async toInternalValue(data: unknown) {
        return super.toInternalValue({ n: (data as { m: unknown }).m });
      }
      override validate(attrs: { n: number }) {
        if (attrs.n < 0) throw new ValidationError({ n: 'Below zero.' });
        return attrs;
      }
    }
    const good = new S(undefined, { data: { m: '4' } });
    expect([await good.isValid(), good.validatedData]).to.deep.equal([true, { n: 4 }]);
    const bad = new S(undefined, { data: { m: -4 } });
    expect([await bad.isValid(), bad.errors]).to.deep.equal([false, { n: ['Below zero.'] }]);
  });

  it('passes on an error that is not about the input', async () => {
    const S = Serializer({ n: new IntegerField() }, { validate: () => JSON.parse('{') });
    const thrown = await new S(undefined, { data: { n: 1 } }).isValid().catch((error) => error);
    expect(thrown).to.be.instanceOf(SyntaxError);
  });

  it('rejects with the whole tree of errors, codes included, on raiseException', async () => {
    const thrown = await new Person(undefined, { data: { name: '' } })
      .isValid({ raiseException: true })
      .catch((error) => error);
    expect(thrown).to.be.instanceOf(ValidationError);
    expect(thrown.errors).to.deep.equal({ name: [{ message: 'This field may not be blank.', code: 'blank' }] });
  });

  it('is a Standard Schema', async () => {
    expect(await checkBody(Person, { name: 'Tom' })).to.deep.equal({ value: { name: 'Tom', isAdmin: false } });
    expect(await checkBody(Person, { address: {} })).to.deep.equal({
      errors: { name: ['This field is required.'], address: { city: ['This field is required.'] } },
    });
    expect(await checkBody(Person, undefined)).to.deep.equal({ errors: { non_field_errors: ['No data provided'] } });
    expect(await checkBody(Person.many(), [{ name: 'a' }, {}])).to.deep.equal({
      errors: { 1: { name: ['This field is required.'] } },
    });
  });

  it('does not confuse two inputs that one list schema checks at once', async () => {
    const schema = Person.many();
    const results = await Promise.all([checkBody(schema, [{ name: 'a' }]), checkBody(schema, 5)]);
    expect(results).to.deep.equal([
      { value: [{ name: 'a', isAdmin: false }] },
      { errors: { non_field_errors: ['Expected a list of items but got type "number".'] } },
    ]);
  });
});

describe('ListSerializer', () => {
  const list = (data: unknown) => Person.many(null, { data });

  it('reads every row', async () => {
    const serializer = list([{ name: 'a' }, { name: 'b' }]);
    expect(await serializer.isValid()).to.equal(true);
    expect(serializer.validatedData.map(({ name }) => name)).to.deep.equal(['a', 'b']);
    expect(serializer.errors).to.deep.equal({});
  });

  for (const [data, errors] of [
    [
      [{ name: 'a' }, {}, null, 5],
      {
        1: { name: ['This field is required.'] },
        2: ['This field may not be null.'],
        3: { non_field_errors: ['Invalid data. Expected a dictionary, but got number.'] },
      },
    ],
    [{}, { non_field_errors: ['Expected a list of items but got type "dictionary".'] }],
    [null, { non_field_errors: ['No data provided'] }],
  ] as const) {
    it(`gives the errors of ${JSON.stringify(data)} by index`, async () => {
      const serializer = list(data);
      expect(await serializer.isValid()).to.equal(false);
      expect(serializer.errors).to.deep.equal(errors);
    });
  }

  it('creates row by row, with the extra values in each', async () => {
    const created: unknown[] = [];
    class S extends Serializer({ n: new IntegerField() }) {
      override async create(attrs: { n: number }) {
        created.push(attrs);
        return { ...attrs, id: created.length };
      }
    }
    const serializer = S.many(null, { data: [{ n: 1 }, { n: 2 }] });
    await serializer.isValid();
    expect(await serializer.save({ by: 7 })).to.deep.equal([
      { n: 1, by: 7, id: 1 },
      { n: 2, by: 7, id: 2 },
    ]);
    expect(await serializer.data).to.deep.equal([{ n: 1 }, { n: 2 }]);
  });
});

describe('Serializer: misuse', () => {
  class Stored extends Serializer({ name: new CharField() }) {
    override async create(attrs: { name: string }) {
      return attrs;
    }
  }
  const saved = async (serializer: { isValid(): Promise<boolean>; save(): Promise<unknown> }) => {
    expect(await serializer.isValid()).to.equal(true);
    return serializer.save();
  };
  const valid = () => new Person(undefined, { data: { name: 'Tom' } });

  for (const [name, run] of [
    ['errors are read before isValid()', () => valid().errors],
    ['validatedData is read before isValid()', () => valid().validatedData],
    ['data is read before isValid()', () => valid().data],
    ['saving comes before isValid()', () => valid().save()],
    ['there is nothing to validate', () => new Person().isValid()],
    [
      'there is no create()',
      async () => {
        const serializer = valid();
        await serializer.isValid();
        await serializer.save();
      },
    ],
    [
      'there is no update()',
      async () => {
        const serializer = new Person({ id: 1 }, { data: { name: 'Tom' } });
        await serializer.isValid();
        await serializer.save();
      },
    ],
    [
      'validatedData is read after invalid input',
      async () => {
        const serializer = new Person(undefined, { data: {} });
        await serializer.isValid();
        return serializer.validatedData;
      },
    ],
    ...[
      (S: typeof Stored) => new S(undefined, { data: null, allowNull: true }),
      (S: typeof Stored) => S.many(undefined, { data: null, allowNull: true }),
      (S: typeof Stored) => S.many(undefined, { data: [{ name: 'Tom' }, null], allowNull: true }),
    ].map((make, i) => [`null is saved (${i})`, () => saved(make(Stored))] as const),
    [
      'a hook gives nothing back',
      () =>
        new (Serializer({ n: new CharField() }, { validators: { n: (() => {}) as never } }))(undefined, {
          data: { n: 'x' },
        }).isValid(),
    ],
    [
      'validate() gives nothing back',
      () =>
        new (Serializer({ n: new CharField() }, { validate: (() => {}) as never }))(undefined, {
          data: { n: 'x' },
        }).isValid(),
    ],
    [
      'a hook belongs to no field',
      () => new (Serializer({ n: new CharField() }, { validators: { m: (x: never) => x } as never }))({ n: 'x' }).data,
    ],
    ['a field is no field', () => new (Serializer({ n: 5 as never }))({ n: 'x' }).data],
    ['a row is no object', () => Person.many([5]).data],
    [
      'a list is updated',
      async () => {
        const serializer = Person.many([{ id: 1 }], { data: [] });
        await serializer.isValid();
        await serializer.save();
      },
    ],
    ['options contradict each other', () => new CharField({ readOnly: true, writeOnly: true })],
    ['a read-only field is required', () => new CharField({ readOnly: true, required: true })],
    ['a field with a default is required', () => new CharField({ required: true, default: 'x' })],
  ] as const) {
    it(`says USAGE when ${name}`, async () => expect(await codeOf(run)).to.equal('USAGE'));
  }

  it('says USAGE for a code without a message', async () => {
    const field = new ListField({ child: new CharField() });
    expect(await codeOf(() => field.fail('nonsense'))).to.equal('USAGE');
  });
});

describe('Serializer: reading with asynchronous fields', () => {
  const late = async (value: string) => {
    await new Promise((resolve) => setImmediate(resolve));
    return value;
  };

  it('gives values in the order of the fields, whichever came first', async () => {
    class Order extends Serializer(
      {
        first: new CharField({ source: 'value' }),
        second: new CharField({ source: 'value' }),
        other: new CharField(),
      },
      { validators: { first: late } },
    ) {}
    const order = new Order(undefined, { data: { other: 'o', second: 's', first: 'f' } });
    expect(await order.isValid()).to.equal(true);
    expect(JSON.stringify(order.validatedData)).to.equal('{"value":"s","other":"o"}');
  });

  it('loses no part of an object that comes late', async () => {
    class Inner extends Serializer({ x: new CharField() }, { validate: async (attrs) => attrs }) {}
    class Outer extends Serializer({ a: nested(Inner), y: new CharField({ source: 'a.y' }) }) {}
    const outer = new Outer(undefined, { data: { a: { x: '1' }, y: '2' } });
    expect(await outer.isValid()).to.equal(true);
    expect(outer.validatedData).to.deep.equal({ a: { x: '1', y: '2' } });
  });

  it('does not end the process where a check fails that nobody waits for any more', async () => {
    const failing = async () => {
      throw new Error('of the database');
    };
    const throwing = () => {
      throw new TypeError('of the code');
    };
    const child = new IntegerField({ validators: [(value: number) => (value === 1 ? failing() : throwing())] });
    const S = Serializer({
      one: new IntegerField({ validators: [failing, throwing], required: false }),
      all: new DictField({ child, required: false }),
    });
    for (const data of [{ one: 1 }, { all: { a: 1, b: 2 } }]) {
      const said = await new S(undefined, { data }).isValid().catch(({ message }) => message);
      expect(said).to.equal('of the code');
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it('gives errors in the order of the fields, whichever came first', async () => {
    const refuse = async (): Promise<string> => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new ValidationError('late');
    };
    class Order extends Serializer({ a: new CharField(), b: new CharField() }, { validators: { a: refuse } }) {}
    const order = new Order(undefined, { data: { a: 'x' } });
    await order.isValid();
    expect(JSON.stringify(order.errors)).to.equal('{"a":["late"],"b":["This field is required."]}');
  });
});
