import { expect } from 'chai';
import { ValidationError } from '../../lib/validation-error.js';
import {
  CharField,
  type Ctx,
  createOnlyDefault,
  IntegerField,
  ListSerializer,
  nested,
  Serializer,
} from '../../serializers/index.js';

class Item extends Serializer({ n: new IntegerField() }) {
  static override listSerializerClass = class extends ListSerializer<Item> {
    override validate(list: { n: number }[]) {
      const total = list.reduce((sum, { n }) => sum + n, 0);
      if (total > 10) throw new ValidationError('Too much.', 'total');
      return list;
    }
    override async create(list: { n: number }[]) {
      return list.map(({ n }) => ({ n, of: list.length }));
    }
    override async update(rows: readonly { n: number }[], list: { n: number }[]) {
      return rows.map((row, index) => ({ ...row, ...list[index] }));
    }
  };
}

const errorsOf = async (serializer: { isValid(): Promise<boolean>; readonly errors: object }) =>
  (await serializer.isValid()) ? 'none' : serializer.errors;

describe('a list of serializers', () => {
  it('has a length', async () => {
    const check = (data: unknown, options: object) => errorsOf(Item.many(null, { data, ...options }));
    const refused = (text: string) => ({ non_field_errors: [text] });
    expect(await check([], { allowEmpty: false })).to.deep.equal(refused('This list may not be empty.'));
    expect(await check([{}], { minLength: 2 })).to.deep.equal(refused('Ensure this field has at least 2 elements.'));
    expect(await check([{}, {}], { maxLength: 1 })).to.deep.equal(
      refused('Ensure this field has no more than 1 elements.'),
    );
    expect(await check(null, { allowNull: true })).to.equal('none');
  });

  it('is validated as a whole once its items are', async () => {
    expect(await errorsOf(Item.many(null, { data: [{ n: 6 }, { n: 5 }] }))).to.deep.equal({
      non_field_errors: ['Too much.'],
    });
    expect(await errorsOf(Item.many(null, { data: [{ n: 60 }, {}] }))).to.deep.equal({
      1: { n: ['This field is required.'] },
    });
    const S = Serializer({ items: nested(Item, { many: true, maxLength: 2 }) });
    expect(await errorsOf(new S(undefined, { data: { items: [{ n: 11 }] } }))).to.deep.equal({
      items: { non_field_errors: ['Too much.'] },
    });
  });

  it('is stored and updated as its class says', async () => {
    const created = Item.many(null, { data: [{ n: 1 }, { n: 2 }] });
    await created.isValid();
    expect(await created.save()).to.deep.equal([
      { n: 1, of: 2 },
      { n: 2, of: 2 },
    ]);
    const updated = Item.many([{ n: 1, id: 7 }], { data: [{ n: 3 }] });
    await updated.isValid();
    expect(await updated.save()).to.deep.equal([{ n: 3, id: 7 }]);
    expect(await updated.data).to.deep.equal([{ n: 3 }]);
  });
});

describe('validators of the whole', () => {
  const always = (text: string, code: string) => () => {
    throw new ValidationError(text, code);
  };

  it('all see the values, and the defaults of read-only fields, before validate()', async () => {
    const seen: unknown[] = [];
    const S = Serializer(
      { a: new IntegerField({ source: 'b' }), fixed: new CharField({ readOnly: true, default: 'x' }) },
      {
        serializerValidators: [(attrs) => void seen.push({ ...attrs }), async (attrs) => void seen.push(attrs.b)],
        validate: (attrs) => attrs,
      },
    );
    const serializer = new S(undefined, { data: { a: 1 } });
    await serializer.isValid();
    expect(seen).to.deep.equal([{ b: 1, fixed: 'x' }, 1]);
    expect(serializer.validatedData).to.deep.equal({ b: 1 });
  });

  it('have their errors under the whole, asynchronous or not, also where a field gives them', async () => {
    const S = Serializer(
      { a: new IntegerField() },
      { serializerValidators: [always('One.', 'one'), async () => always('Two.', 'two')()] },
    );
    expect(await errorsOf(new S(undefined, { data: { a: 1 } }))).to.deep.equal({ non_field_errors: ['One.', 'Two.'] });
    const Outer = Serializer({ inner: nested(S, { validators: [always('Three.', 'three')] }) });
    expect(await errorsOf(new Outer(undefined, { data: { inner: { a: 1 } } }))).to.deep.equal({
      inner: { non_field_errors: ['Three.'] },
    });
  });
});

describe('what a field knows of its serializer', () => {
  it('is its name, the context and whether a row is updated', async () => {
    const seen: Pick<Ctx, 'fieldName' | 'context' | 'instance'>[] = [];
    const note = (_value: unknown, { fieldName, context, instance }: Ctx) =>
      void seen.push({ fieldName, context, instance });
    const S = Serializer({
      a: new CharField({ validators: [note] }),
      b: new CharField({ default: createOnlyDefault('new') }),
    });
    const row = { a: 'x', b: 'y' };
    const updated = new S(row, { data: { a: 'z' }, context: { user: 1 } });
    await updated.isValid();
    expect(updated.validatedData).to.deep.equal({ a: 'z' });
    expect(seen).to.deep.equal([{ fieldName: 'a', context: { user: 1 }, instance: row }]);
    const created = new S(undefined, { data: { a: 'z' } });
    await created.isValid();
    expect(created.validatedData).to.deep.equal({ a: 'z', b: 'new' });
  });

  it('says USAGE for a source that only repeats the name', () => {
    const S = Serializer({ a: new CharField({ source: 'a' }) });
    expect(() => S.many(null, { data: [] }) && new S({ a: 1 }).toRepresentation({ a: 1 })).to.throw('source');
  });
});
