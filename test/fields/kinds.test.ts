import { expect } from 'chai';
import {
  BigIntField,
  createOnlyDefault,
  DateField,
  DateTimeField,
  DecimalField,
  DictField,
  DurationField,
  EMPTY,
  EnumField,
  HStoreField,
  IntegerField,
  MultipleChoiceField,
  RegexField,
  TimeField,
  ValidationError,
} from '../../fields/index.js';

const CTX = { context: {}, instance: undefined, partial: false };

enum Level {
  Low,
  High = 10,
}
enum Mixed {
  None = 0,
  Some = 'some',
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const [first] = Object.values((error as ValidationError).errors).flat();
    return (first as { code: string }).code;
  }
  return 'nothing was thrown';
}

describe('EnumField', () => {
  const field = new EnumField({ enum: Level });

  it('reads values, also as their texts, and no names', () => {
    expect(field.runValidation(10)).to.equal(Level.High);
    expect(field.runValidation('0')).to.equal(Level.Low);
    for (const name of ['Low', 'High', '1', 'constructor']) {
      expect(codeOf(() => field.runValidation(name))).to.equal('invalid_choice');
    }
  });

  it('reads enums of numbers and texts, and objects that stand for enums', () => {
    expect(new EnumField({ enum: Mixed }).runValidation('some')).to.equal(Mixed.Some);
    expect(codeOf(() => new EnumField({ enum: Mixed }).runValidation('None'))).to.equal('invalid_choice');
    expect(new EnumField({ enum: { Draft: 'draft' } as const }).runValidation('draft')).to.equal('draft');
  });
});

describe('BigIntField', () => {
  const field = new BigIntField();

  it('reads what 64 bits hold as a text of digits', () => {
    expect(field.runValidation('9223372036854775807')).to.equal('9223372036854775807');
    expect(field.runValidation(' +007 ')).to.equal('7');
    expect(field.runValidation(-5)).to.equal('-5');
    expect(field.runValidation(10n)).to.equal('10');
    expect(field.runValidation('-0')).to.equal('0');
  });

  it('refuses what they do not hold, and numbers that were changed on the way', () => {
    expect(codeOf(() => field.runValidation('9223372036854775808'))).to.equal('max_value');
    expect(codeOf(() => field.runValidation('-9223372036854775809'))).to.equal('min_value');
    expect(codeOf(() => field.runValidation(2 ** 53))).to.equal('invalid');
    expect(codeOf(() => field.runValidation(1.5))).to.equal('invalid');
    expect(codeOf(() => field.runValidation('1e3'))).to.equal('invalid');
    expect(codeOf(() => new BigIntField({ minValue: 0 }).runValidation('-1'))).to.equal('min_value');
  });

  it('shows a text whatever the driver gave', () => {
    expect([field.toRepresentation(5), field.toRepresentation(5n), field.toRepresentation('5')]).to.deep.equal([
      '5',
      '5',
      '5',
    ]);
  });
});

describe('IntegerField', () => {
  it('says which bound a number exceeds that JavaScript cannot hold', () => {
    expect(codeOf(() => new IntegerField({ maxValue: 9 }).runValidation('99999999999999999999'))).to.equal('max_value');
    expect(codeOf(() => new IntegerField({ minValue: 0 }).runValidation(-1e300))).to.equal('min_value');
  });
});

describe('DecimalField', () => {
  it('shows numbers where it is told to, and no noughts at the end where it is told to', () => {
    const number = new DecimalField({ maxDigits: 6, decimalPlaces: 2, coerceToString: false });
    expect(number.toRepresentation('1.50')).to.equal(1.5);
    const short = new DecimalField({ maxDigits: 6, decimalPlaces: 2, normalizeOutput: true });
    expect(short.toRepresentation('100.50')).to.equal('100.5');
    expect(short.toRepresentation('100')).to.equal('100');
  });

  it('writes out no exponent that is a gigabyte of noughts', () => {
    const any = new DecimalField({ maxDigits: null, decimalPlaces: null });
    expect(any.runValidation('1e900000000')).to.equal('1E+900000000');
    expect(any.toRepresentation('1e900000000')).to.equal('1E+900000000');
    const fixed = new DecimalField({ maxDigits: null, decimalPlaces: 2 });
    expect(codeOf(() => fixed.runValidation('1e900000000'))).to.equal('max_digits');
    expect(fixed.toRepresentation('1e-900000000')).to.equal('0.00');
  });

  it('compares all digits with its bounds', () => {
    const field = new DecimalField({ maxDigits: null, decimalPlaces: null, maxValue: '0.1', minValue: '-1e2' });
    expect(field.runValidation('0.10000000000000000000')).to.equal('0.10000000000000000000');
    expect(codeOf(() => field.runValidation('0.10000000000000000001'))).to.equal('max_value');
    expect(codeOf(() => field.runValidation('-100.00000000000000001'))).to.equal('min_value');
  });
});

describe('DateTimeField', () => {
  it('shows the clocks of its zone, summer time included', () => {
    const field = new DateTimeField({ defaultTimezone: 'Europe/Berlin' });
    expect(field.toRepresentation(new Date('2024-07-01T10:00:00Z'))).to.equal('2024-07-01T12:00:00+02:00');
    expect(field.toRepresentation(new Date('2024-01-01T10:00:00.250Z'))).to.equal('2024-01-01T11:00:00.250000+01:00');
  });

  it('reads the clocks of its zone but for those that were never or twice', () => {
    const field = new DateTimeField({ defaultTimezone: 'Europe/Berlin' });
    expect(field.runValidation('2024-07-01T12:00')).to.deep.equal(new Date('2024-07-01T10:00:00Z'));
    expect(codeOf(() => field.runValidation('2024-03-31T02:30'))).to.equal('make_aware');
    expect(codeOf(() => field.runValidation('2024-10-27T02:30'))).to.equal('make_aware');
    expect(field.runValidation('2024-10-27T02:30+01:00')).to.deep.equal(new Date('2024-10-27T01:30:00Z'));
  });

  it('shows and reads formats of directives', () => {
    const field = new DateTimeField({ format: '%a %d %B %y, %I:%M %p %z', inputFormats: ['%d.%m.%Y %H:%M%z'] });
    expect(field.toRepresentation(new Date('2024-07-01T13:05:00Z'))).to.equal('Mon 01 July 24, 01:05 PM +0000');
    expect(field.runValidation('01.07.2024 15:05+0200')).to.deep.equal(new Date('2024-07-01T13:05:00Z'));
  });

  it('shows the Date itself where it has no format, and nothing for a Date that is none', () => {
    const at = new Date(0);
    expect(new DateTimeField({ format: null }).toRepresentation(at)).to.equal(at);
    expect(new DateTimeField().toRepresentation(new Date(Number.NaN))).to.equal(null);
  });

  it('counts days before 1582 as it does today, in every zone', () => {
    const field = new DateTimeField({ defaultTimezone: 'America/New_York' });
    for (const text of ['1582-10-10T00:00:00', '1500-02-28T12:00:00', '0004-02-29T00:00:00', '0001-01-01T00:00:00']) {
      const instant = field.runValidation(text) as Date;
      expect(instant.getTime() - Date.parse(`${text}Z`)).to.equal((4 * 3600 + 56 * 60 + 2) * 1000);
      expect(field.toRepresentation(instant)).to.equal(`${text}-04:56:02`);
    }
  });
});

describe('DateField and TimeField', () => {
  it('show what the database gave in their format', () => {
    expect(new DateField({ format: '%d/%m/%Y' }).toRepresentation('2024-02-29')).to.equal('29/02/2024');
    expect(new TimeField({ format: '%I:%M %p' }).toRepresentation('00:05:09')).to.equal('12:05 AM');
  });

  it('read the day of a year', () => {
    const field = new DateField({ inputFormats: ['%Y-%j'] });
    expect(field.runValidation('2024-366')).to.equal('2024-12-31');
    expect(field.runValidation('2023-366')).to.equal('2024-01-01');
    expect(() => field.runValidation('9999-366')).to.throw('wrong format');
  });
});

describe('DurationField', () => {
  const field = new DurationField();

  it('reads milliseconds from texts, and from numbers of seconds', () => {
    expect(field.runValidation('1 00:00:00.5')).to.equal(86_400_500);
    expect(field.runValidation(90)).to.equal(90_000);
    expect(codeOf(() => field.runValidation('1000000000 00:00:00'))).to.equal('overflow');
  });

  it('shows what a driver gives for an interval', () => {
    expect(field.toRepresentation({ days: 1, hours: 2, seconds: 3, milliseconds: 4.5 })).to.equal('1 02:00:03.004500');
    expect(field.toRepresentation('26:00:00')).to.equal('1 02:00:00');
  });
});

describe('MultipleChoiceField', () => {
  it('gives a list without doubles, in the order of the input', () => {
    const field = new MultipleChoiceField({ choices: ['a', 'b', 'c'] });
    expect(field.runValidation(['c', 'a', 'c'])).to.deep.equal(['c', 'a']);
  });
});

describe('DictField', () => {
  it('takes own keys alone, whatever they are called', async () => {
    const read = new DictField({ child: new IntegerField() }).runValidation(
      JSON.parse('{"__proto__": "1", "constructor": 2}'),
    );
    expect(Object.keys(read as object)).to.deep.equal(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(read)).to.equal(Object.prototype);
  });

  it('awaits values that are checked asynchronously', async () => {
    const late = new IntegerField({
      validators: [
        async (value: number) => {
          if (value > 1) throw new ValidationError('Late.');
        },
      ],
    });
    const field = new DictField({ child: late });
    expect(await field.runValidation({ a: 1 })).to.deep.equal({ a: 1 });
    const error = await (field.runValidation({ a: 2, b: 'x' }) as Promise<never>).catch(
      (thrown: ValidationError) => thrown,
    );
    expect(error.messages).to.deep.equal({ a: ['Late.'], b: ['A valid integer is required.'] });
  });

  it('of texts takes null, and refuses lists in their place', () => {
    expect(new HStoreField().runValidation({ a: null, b: 2 })).to.deep.equal({ a: null, b: '2' });
    expect(codeOf(() => new HStoreField().runValidation({ a: [] }))).to.equal('invalid');
  });
});

describe('RegexField', () => {
  it('does not remember where a global pattern was', () => {
    const field = new RegexField({ regex: /a/g });
    expect([field.runValidation('ba'), field.runValidation('ba')]).to.deep.equal(['ba', 'ba']);
  });
});

describe('createOnlyDefault', () => {
  it('stands for a value when an object is created, and sets none when it is updated', () => {
    const field = new IntegerField({ default: createOnlyDefault(() => 7) });
    expect(field.runValidation(EMPTY, CTX)).to.equal(7);
    expect(field.runValidation(EMPTY, { ...CTX, instance: {} })).to.equal(EMPTY);
  });
});
