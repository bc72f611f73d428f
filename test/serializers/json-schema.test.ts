import type { BodySchema } from 'bgtasks';
import {
  BooleanField,
  CharField,
  ChoiceField,
  DateTimeField,
  DecimalField,
  DictField,
  DtoSerializer,
  EnumField,
  Field,
  FloatField,
  HiddenField,
  IntegerField,
  IntegerListSerializer,
  ListField,
  MethodField,
  MultipleChoiceField,
  nested,
  RegexField,
  RemoteField,
  Serializer,
  UUIDField,
} from 'bgtasks/serializers';
import { expect } from 'chai';
import { jsonSchemaOf } from '../../lib/json-schema.js';

const inputOf = (fields: Parameters<typeof Serializer>[0]) => jsonSchemaOf(Serializer(fields));
const propertyOf = (field: Parameters<typeof Serializer>[0][string]) => {
  const { properties } = inputOf({ field }) as { properties: { field: unknown } };
  return properties.field;
};
const outputOf = (type: object) => {
  const { '~standard': standard } = type as {
    '~standard': { jsonSchema: { output(options: { target: string }): unknown } };
  };
  return standard.jsonSchema.output({ target: 'draft-07' });
};

class OwnField extends Field {
  override toRepresentation(value: unknown): unknown {
    return value;
  }
  override toInternalValue(data: unknown): unknown {
    return data;
  }
}

describe('the JSON schema of a serializer', () => {
  const kinds: readonly [string, Parameters<typeof Serializer>[0][string], object][] = [
    [
      'an integer with bounds',
      new IntegerField({ minValue: 1, maxValue: 5 }),
      { type: 'integer', minimum: 1, maximum: 5 },
    ],
    ['a float', new FloatField(), { type: 'number' }],
    ['a boolean', new BooleanField(), { type: 'boolean' }],
    ['a text', new CharField({ minLength: 2, maxLength: 3 }), { type: 'string', minLength: 2, maxLength: 3 }],
    ['a text that may be empty', new CharField({ allowBlank: true }), { type: 'string' }],
    ['a pattern', new RegexField({ regex: /^a/i, allowBlank: true }), { type: 'string' }],
    ['a plain pattern', new RegexField({ regex: /^a/ }), { type: 'string', minLength: 1, pattern: '^a' }],
    ['a pattern as a text', new RegexField({ regex: '^b' }), { type: 'string', minLength: 1, pattern: '^b' }],
    ['a decimal', new DecimalField({ maxDigits: 5, decimalPlaces: 2 }), { type: ['string', 'number'] }],
    ['a time', new DateTimeField(), { type: 'string', format: 'date-time' }],
    ['a UUID', new UUIDField(), { type: 'string', format: 'uuid' }],
    ['a choice', new ChoiceField({ choices: [1, ['b', 'B']] }), { enum: [1, 'b'] }],
    [
      'some choices',
      new MultipleChoiceField({ choices: ['a'], allowEmpty: false }),
      { type: 'array', items: { enum: ['a'] }, minItems: 1 },
    ],
    ['an enum', new EnumField({ enum: { Draft: 0, 0: 'Draft' } as Record<string, string | number> }), { enum: [0] }],
    ['an enum below nought', new EnumField({ enum: { Low: -1, '-1': 'Low' } }), { enum: [-1] }],
    ['texts by numbers', new EnumField({ enum: { 1: 'one' } }), { enum: ['one'] }],
    [
      'a list',
      new ListField({ child: new IntegerField(), maxLength: 3 }),
      { type: 'array', items: { type: 'integer' }, maxItems: 3 },
    ],
    [
      'a dictionary',
      new DictField({ child: new BooleanField() }),
      { type: 'object', additionalProperties: { type: 'boolean' } },
    ],
    ['a remote key', new RemoteField({ route: 'x.get' }), { type: ['integer', 'string'] }],
    [
      'remote keys',
      new RemoteField({ route: 'x.get', many: true }),
      { type: 'array', items: { type: ['integer', 'string'] } },
    ],
    ['null', new IntegerField({ allowNull: true }), { anyOf: [{ type: 'integer' }, { type: 'null' }] }],
    [
      'label and help',
      new IntegerField({ label: 'Age', helpText: 'in years' }),
      { type: 'integer', title: 'Age', description: 'in years' },
    ],
    ['a field of your own', new OwnField(), {}],
  ];
  for (const [what, field, schema] of kinds) {
    it(`tells ${what}`, () => expect(propertyOf(field)).to.deep.equal(schema));
  }

  it('has what is sent in one direction, and what is shown in the other', () => {
    const type = Serializer({
      id: new IntegerField({ readOnly: true }),
      password: new CharField({ writeOnly: true }),
      age: new IntegerField({ required: false }),
      kind: new CharField({ default: 'x' }),
      owner: new HiddenField({ default: 1 }),
      name: new MethodField(() => 'x'),
    });
    expect(jsonSchemaOf(type)).to.deep.include({ required: ['password'] });
    expect(Object.keys((jsonSchemaOf(type) as { properties: object }).properties)).to.deep.equal([
      'password',
      'age',
      'kind',
    ]);
    expect(Object.keys((outputOf(type) as { properties: object }).properties)).to.deep.equal([
      'id',
      'age',
      'kind',
      'name',
    ]);
  });

  it('ends where a class stands within itself', () => {
    class Tree extends Serializer({
      name: new CharField(),
      children: nested((): never => Tree as never, { many: true }) as never,
    }) {}
    const { properties } = jsonSchemaOf(Tree as never) as { properties: Record<string, unknown> };
    expect(properties.children).to.deep.equal({ type: 'array', items: { type: 'object' } });
  });

  it('is anything for a nested class that reads or shows by code of its own', () => {
    class Named extends Serializer({ name: new CharField() }) {
      override toRepresentation(row: { name: string }): never {
        return row.name as never;
      }
    }
    const type = Serializer({
      one: nested(Named),
      ids: nested(IntegerListSerializer),
      many: nested(Named, { many: true }),
    });
    const propertiesOf = (schema: unknown) => (schema as { properties: unknown }).properties;
    const object = { type: 'object', properties: { name: { type: 'string', minLength: 1 } }, required: ['name'] };
    expect(propertiesOf(jsonSchemaOf(type))).to.deep.equal({
      one: object,
      ids: {},
      many: { type: 'array', items: object },
    });
    expect(propertiesOf(outputOf(type))).to.deep.equal({ one: {}, ids: {}, many: { type: 'array', items: {} } });
  });

  it('is left out for what code decides, and for schemas that cannot tell', () => {
    class Own extends Serializer({ id: new IntegerField() }) {
      override async toInternalValue(): Promise<never> {
        throw new Error('never');
      }
    }
    class Dto {
      id!: number;
    }
    const failing = { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }) } } as const;
    const throwing = () => {
      throw new Error('not representable');
    };
    const cases: readonly (BodySchema | undefined)[] = [
      undefined,
      Dto,
      Own,
      DtoSerializer(Dto) as never,
      failing,
      { '~standard': { ...failing['~standard'], jsonSchema: { input: throwing } } } as never,
    ];
    for (const schema of cases) expect(jsonSchemaOf(schema)).to.equal(undefined);
  });

  it('is refused for drafts that it is not written in', () => {
    const { '~standard': standard } = Serializer({ id: new IntegerField() }) as never as {
      '~standard': { jsonSchema: { input(options: { target: string }): unknown } };
    };
    expect(() => standard.jsonSchema.input({ target: 'openapi-3.0' })).to.throw(/targets are: draft-07, draft-2020-12/);
  });
});
