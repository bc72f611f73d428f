import { expect } from 'chai';
import type { TaskContext } from '../../lib/tasks/task.js';
import {
  CharField,
  IdsSerializer,
  IntegerListSerializer,
  Serializer,
  serializerClass,
} from '../../serializers/index.js';

describe('IntegerListSerializer', () => {
  it('validates a bare list of integers', async () => {
    const serializer = new IntegerListSerializer(undefined, { data: [1, '2', 3.0] });
    expect(await serializer.isValid()).to.equal(true);
    expect(serializer.validatedData).to.deep.equal([1, 2, 3]);
    expect(serializer.errors).to.deep.equal({});
    expect(await serializer.data).to.deep.equal([1, 2, 3]);
  });

  for (const [data, errors] of [
    [[1, 'x', null], { 1: ['A valid integer is required.'], 2: ['This field may not be null.'] }],
    [5, { non_field_errors: ['Expected a list of items but got type "number".'] }],
    [{ ids: [1] }, { non_field_errors: ['Expected a list of items but got type "dictionary".'] }],
    [null, { non_field_errors: ['No data provided'] }],
    [undefined, { non_field_errors: ['No data provided'] }],
  ] as const) {
    it(`refuses ${JSON.stringify(data)}`, async () => {
      const serializer = new IntegerListSerializer(undefined, { data });
      expect(await serializer.isValid()).to.equal(false);
      expect(serializer.errors).to.deep.equal(errors);
    });
  }

  it('takes an empty list', async () => {
    const serializer = new IntegerListSerializer(undefined, { data: [] });
    expect(await serializer.isValid()).to.equal(true);
    expect(serializer.validatedData).to.deep.equal([]);
  });
});

describe('IdsSerializer', () => {
  const check = async (data: unknown) => {
    const serializer = new IdsSerializer(undefined, { data });
    return (await serializer.isValid()) ? serializer.validatedData : serializer.errors;
  };

  for (const [data, outcome] of [
    [{ ids: [1, 2] }, { ids: [1, 2] }],
    [{}, {}],
    [{ ids: [] }, { ids: ['This list may not be empty.'] }],
    [{ ids: 5 }, { ids: ['Expected a list of items but got type "number".'] }],
    [{ ids: [1, 'x'] }, { ids: { 1: ['A valid integer is required.'] } }],
    [[1], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
    ['x', { non_field_errors: ['Invalid data. Expected a dictionary, but got string.'] }],
    [null, { non_field_errors: ['No data provided'] }],
  ] as const) {
    it(`answers ${JSON.stringify(outcome)} to ${JSON.stringify(data)}`, async () => {
      expect(await check(data)).to.deep.equal(outcome);
    });
  }
});

describe('serializerClass', () => {
  const context = { route: 'images.get' } as TaskContext;

  it('calls the handler with a valid IdsSerializer by default, and the context', async () => {
    const handler = serializerClass()(({ validatedData }, { route }) => ({ ids: validatedData.ids, route }));
    expect(await handler({ ids: [1, '2'] }, context)).to.deep.equal({ ids: [1, 2], route: 'images.get' });
  });

  it('answers fail with the errors, and does not call the handler', async () => {
    const handler = serializerClass()(() => expect.fail('called'));
    expect(await handler({ ids: [] }, context)).to.deep.equal({
      status: 'fail',
      data: { ids: ['This list may not be empty.'] },
    });
  });

  it('takes another serializer, and a list of it', async () => {
    const Named = Serializer({ name: new CharField() });
    const one = serializerClass(Named)(async (serializer) => serializer.validatedData.name);
    expect(await one({ name: ' Tom ' }, context)).to.equal('Tom');
    const many = serializerClass(Named, { many: true })((serializer) =>
      serializer.validatedData.map(({ name }) => name),
    );
    expect(await many([{ name: 'a' }, { name: 'b' }], context)).to.deep.equal(['a', 'b']);
    expect(await many([{ name: 'a' }, {}], context)).to.deep.equal({
      status: 'fail',
      data: { 1: { name: ['This field is required.'] } },
    });
  });

  it('takes a list of integers', async () => {
    const handler = serializerClass(IntegerListSerializer)(({ validatedData }) => validatedData);
    expect(await handler([1, '2'], context)).to.deep.equal([1, 2]);
  });
});
