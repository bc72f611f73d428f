import { expect } from 'chai';
import type { AnyField, FieldOptions } from '../../fields/index.js';
import {
  BooleanField,
  CharField,
  ChoiceField,
  DateTimeField,
  EMPTY,
  Field,
  FloatField,
  IntegerField,
  JSONField,
  ListField,
  ModelField,
  ReadOnlyField,
  typeName,
  ValidationError,
} from '../../fields/index.js';

const NO_CTX = { context: {}, instance: undefined, partial: false };

/** The code of the first error, whatever the tree. */
function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const [first] = Object.values((error as ValidationError).errors).flat();
    return (first as { code: string }).code;
  }
  return 'nothing was thrown';
}

function reads(field: AnyField, cases: readonly (readonly [unknown, unknown])[]): void {
  for (const [input, value] of cases) {
    it(`reads ${JSON.stringify(input)} as ${JSON.stringify(value)}`, () => {
      expect(field.runValidation(input)).to.deep.equal(value);
    });
  }
}

function refuses(field: AnyField, cases: readonly (readonly [unknown, string])[]): void {
  for (const [input, code] of cases) {
    it(`refuses ${typeof input === 'symbol' ? 'nothing' : JSON.stringify(input)} with code ${code}`, () => {
      expect(codeOf(() => field.runValidation(input))).to.equal(code);
    });
  }
}

describe('Field', () => {
  it('requires a value unless it is told otherwise', () => {
    expect(codeOf(() => new CharField().runValidation(EMPTY))).to.equal('required');
    expect(new CharField({ required: false }).runValidation(EMPTY)).to.equal(EMPTY);
    expect(new CharField({ default: 'x' }).runValidation(EMPTY)).to.equal('x');
    expect(new CharField({ default: () => 'made' }).runValidation(EMPTY)).to.equal('made');
  });

  it('neither requires nor defaults in a partial update', () => {
    const partial = { ...NO_CTX, partial: true };
    expect(new CharField().runValidation(EMPTY, partial)).to.equal(EMPTY);
    expect(new CharField({ default: 'x' }).runValidation(EMPTY, partial)).to.equal(EMPTY);
  });

  it('takes null where allowNull says so', () => {
    expect(codeOf(() => new CharField().runValidation(null))).to.equal('null');
    expect(new CharField({ allowNull: true }).runValidation(null)).to.equal(null);
  });

  it('reads nothing when it is read-only', () => {
    expect(new CharField({ readOnly: true }).runValidation('x')).to.equal(EMPTY);
  });

  it('runs every validator and gathers their errors', () => {
    const refuse = (message: string) => () => {
      throw new ValidationError(message, 'own');
    };
    const field = new CharField({ maxLength: 1, validators: [refuse('one'), refuse('two')] });
    try {
      field.runValidation('long');
      expect.fail('not refused');
    } catch (error) {
      expect((error as ValidationError).messages).to.deep.equal([
        'one',
        'two',
        'Ensure this field has no more than 1 characters.',
      ]);
    }
  });

  it('awaits asynchronous validators, side by side with the rest', async () => {
    const field = new CharField({
      validators: [
        async () => {
          throw new ValidationError('late');
        },
      ],
    });
    const error = await (field.runValidation('x') as Promise<never>).catch((thrown: ValidationError) => thrown);
    expect(error.messages).to.deep.equal(['late']);
  });

  it('passes on what a validator throws that is no refusal', () => {
    const broken = new CharField({
      validators: [
        () => {
          throw new TypeError('a bug');
        },
      ],
    });
    expect(() => broken.runValidation('x')).to.throw(TypeError);
  });

  it('says what errorMessages say, with the facts filled in', () => {
    const field = new CharField({ maxLength: 2, errorMessages: { max_length: 'At most {max_length}, {unknown}.' } });
    expect(() => field.runValidation('abc')).to.throw(ValidationError, 'At most 2, {unknown}.');
  });

  it("is the base of fields of one's own, whose messages add to those of their bases", () => {
    class Even<const P extends FieldOptions = Record<never, never>> extends Field<P> {
      static override readonly errorMessages = { odd: '{input} is odd.' };
      override toInternalValue(data: unknown): number {
        return Number(data) % 2 === 0 ? Number(data) : this.fail('odd', { input: data });
      }
      override toRepresentation(value: number): string {
        return `#${value}`;
      }
    }
    expect(new Even().runValidation(4)).to.equal(4);
    expect(() => new Even().runValidation(3)).to.throw(ValidationError, '3 is odd.');
    expect(codeOf(() => new Even().runValidation(null))).to.equal('null');
    expect(new Even().toRepresentation(2)).to.equal('#2');
  });
});

describe('BooleanField', () => {
  reads(new BooleanField(), [
    [true, true],
    ['true', true],
    ['yes', true],
    ['ON', true],
    [1, true],
    ['f', false],
    ['0', false],
    [0, false],
  ]);
  refuses(new BooleanField(), [
    ['tRUE', 'invalid'],
    [2, 'invalid'],
    [[], 'invalid'],
    [{}, 'invalid'],
    ['', 'invalid'],
    [null, 'null'],
  ]);
  reads(new BooleanField({ allowNull: true }), [
    ['', null],
    ['null', null],
    [null, null],
  ]);
});

describe('CharField', () => {
  reads(new CharField(), [
    [' abc ', 'abc'],
    [5, '5'],
    ['\u001cabc\u0085', 'abc'],
    ['\ufeff', '\ufeff'],
    ['😀', '😀'],
  ]);
  refuses(new CharField(), [
    [true, 'invalid'],
    [[1], 'invalid'],
    [{}, 'invalid'],
    ['', 'blank'],
    ['  ', 'blank'],
    ['a\0', 'null_characters_not_allowed'],
    ['a\ud800', 'surrogate_characters_not_allowed'],
  ]);
  reads(new CharField({ allowBlank: true }), [['  ', '']]);
  reads(new CharField({ trimWhitespace: false }), [
    [' a ', ' a '],
    ['  ', '  '],
  ]);
  reads(new CharField({ maxLength: 2, minLength: 2 }), [['😀😀', '😀😀']]);
  refuses(new CharField({ maxLength: 2 }), [['abc', 'max_length']]);
  refuses(new CharField({ minLength: 2 }), [['😀', 'min_length']]);

  it('strips a long run of inner spaces in no time', () => {
    const text = `a${' '.repeat(200_000)}b`;
    const start = performance.now();
    expect(new CharField().runValidation(text)).to.equal(text);
    expect(performance.now() - start).to.be.lessThan(500);
  });
});

describe('IntegerField', () => {
  reads(new IntegerField(), [
    ['3', 3],
    ['3.0', 3],
    ['3.', 3],
    [' 7 ', 7],
    ['1_000', 1000],
    ['-1', -1],
    ['٣', 3],
    [3.0, 3],
    [-0, 0],
  ]);
  refuses(new IntegerField(), [
    ['', 'invalid'],
    ['0.5', 'invalid'],
    [1.5, 'invalid'],
    [true, 'invalid'],
    ['1e3', 'invalid'],
    ['0x10', 'invalid'],
    ['1__0', 'invalid'],
    [[1], 'invalid'],
    [{}, 'invalid'],
    ['9007199254740993', 'invalid'],
    ['0'.repeat(1001), 'max_string_length'],
  ]);
  refuses(new IntegerField({ minValue: 1, maxValue: 3 }), [
    [0, 'min_value'],
    [4, 'max_value'],
  ]);
});

describe('FloatField', () => {
  reads(new FloatField(), [
    ['1.5', 1.5],
    ['+1E-3', 0.001],
    ['.5', 0.5],
    ['1.', 1],
    [2, 2],
  ]);
  refuses(new FloatField(), [
    ['1,5', 'invalid'],
    ['', 'invalid'],
    ['1e', 'invalid'],
    ['1__0', 'invalid'],
    ['infin', 'invalid'],
    [[], 'invalid'],
  ]);
});

describe('DateTimeField', () => {
  const at = (text: string) => new Date(text);
  reads(new DateTimeField(), [
    ['2001-01-01T13:00', at('2001-01-01T13:00:00Z')],
    ['2001-01-01 13:00:05.123456Z', at('2001-01-01T13:00:05.123Z')],
    ['2001-01-01T13:00+02:00', at('2001-01-01T11:00:00Z')],
    ['2001-1-1 1:2:3', at('2001-01-01T01:02:03Z')],
    ['0050-01-01T00:00', at('0050-01-01T00:00:00Z')],
  ]);
  refuses(new DateTimeField(), [
    ['2001-04-31T00:00', 'invalid'],
    ['2001-01-01T24:00', 'invalid'],
    ['2001-01-01', 'invalid'],
    ['2001-01-01T13:00 ', 'invalid'],
    ['2001-01-01T13:00+24:00', 'invalid'],
    [978354000, 'invalid'],
    [new Date(Number.NaN), 'invalid'],
    ['0001-01-01T00:00+01:00', 'overflow'],
  ]);

  it('shows ISO 8601 in UTC', () => {
    expect(new DateTimeField().toRepresentation(at('2001-01-01T13:00:00+02:00'))).to.equal('2001-01-01T11:00:00Z');
  });
});

describe('ChoiceField', () => {
  reads(new ChoiceField({ choices: ['a', 1, true] }), [
    ['a', 'a'],
    ['1', 1],
    [1, 1],
    [true, true],
    ['True', true],
  ]);
  reads(new ChoiceField({ choices: { draft: 'Draft' } }), [['draft', 'draft']]);
  reads(new ChoiceField({ choices: ['a'], allowBlank: true }), [['', '']]);
  reads(new ChoiceField({ choices: ['a'], allowNull: true }), [[null, null]]);
  refuses(new ChoiceField({ choices: ['a'] }), [
    ['b', 'invalid_choice'],
    [[], 'invalid_choice'],
    [['a'], 'invalid_choice'],
    ['', 'invalid_choice'],
    ['constructor', 'invalid_choice'],
  ]);
});

describe('ListField', () => {
  const integers = new ListField({ child: new IntegerField() });
  reads(integers, [
    [
      ['1', 2],
      [1, 2],
    ],
    [[], []],
  ]);
  refuses(integers, [
    ['abc', 'not_a_list'],
    [{}, 'not_a_list'],
    [5, 'not_a_list'],
    [[1, null], 'null'],
  ]);
  refuses(new ListField({ child: new IntegerField(), allowEmpty: false }), [[[], 'empty']]);
  refuses(new ListField({ child: new IntegerField(), maxLength: 1, minLength: 1 }), [
    [[1, 2], 'max_length'],
    [[], 'min_length'],
  ]);

  it('gives the errors of items by index', () => {
    try {
      integers.runValidation([1, 'x', 2, null]);
      expect.fail('not refused');
    } catch (error) {
      expect((error as ValidationError).messages).to.deep.equal({
        1: ['A valid integer is required.'],
        3: ['This field may not be null.'],
      });
    }
  });
});

describe('JSONField', () => {
  reads(new JSONField(), [
    ['', ''],
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
    [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')],
  ]);
  refuses(new JSONField(), [
    [Number.NaN, 'invalid'],
    [{ a: new Date() }, 'invalid'],
    [null, 'null'],
  ]);

  it('refuses what is nested too deep to be walked', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(codeOf(() => new JSONField().runValidation(deep))).to.equal('invalid');
  });
});

describe('ModelField', () => {
  reads(new ModelField(), [
    ['12345678901234567890', '12345678901234567890'],
    [1.5, 1.5],
  ]);
  refuses(new ModelField({ maxLength: 2 }), [
    ['abc', 'max_length'],
    [{}, 'invalid'],
  ]);

  it('shows a bigint and a date as text, and the rest as it is', () => {
    const field = new ModelField();
    expect(field.toRepresentation(10n)).to.equal('10');
    expect(field.toRepresentation(new Date(0))).to.equal('1970-01-01T00:00:00.000Z');
    expect(field.toRepresentation('1.10')).to.equal('1.10');
  });
});

describe('ReadOnlyField', () => {
  it('shows a value as it is', () => {
    const value = { a: 1 };
    expect(new ReadOnlyField().toRepresentation(value)).to.equal(value);
    expect(new ReadOnlyField().runValidation(5)).to.equal(EMPTY);
  });
});

describe('typeName', () => {
  for (const [value, name] of [
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'list'],
    [{}, 'dictionary'],
    ['', 'string'],
    [1, 'number'],
    [true, 'boolean'],
    [1n, 'bigint'],
  ] as const) {
    it(`calls ${String(value) || 'an empty text'} ${name}`, () => expect(typeName(value)).to.equal(name));
  }
});
