import { expect } from 'chai';
import {
  BigIntField,
  CharField,
  ChoiceField,
  DateField,
  DateTimeField,
  DecimalField,
  DictField,
  EnumField,
  Field,
  FloatField,
  HiddenField,
  HStoreField,
  IntegerField,
  IPAddressField,
  ListField,
  MethodField,
  ReadOnlyField,
  RegexField,
  UUIDField,
} from '../../fields/index.js';

/** What a programmer without types, or with `any`, may write. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Loose = new (options?: any) => object;

const MISTAKES: readonly (readonly [title: string, type: unknown, options: unknown, message: string])[] = [
  ['an option of another field', CharField, { minValue: 1 }, 'CharField has no option "minValue".'],
  ['an option in snake case', CharField, { max_length: 1 }, 'CharField has no option "max_length".'],
  ['readOnly and writeOnly', CharField, { readOnly: true, writeOnly: true }, '"readOnly" and "writeOnly"'],
  ['readOnly and required', ChoiceField, { choices: [], readOnly: true, required: true }, '"readOnly" and "required"'],
  ['required and a default of null', IntegerField, { required: true, default: null }, '"required" and "default"'],
  ['required for what is never read', ReadOnlyField, { required: true }, '"readOnly" and "required"'],
  ['readOnly for what is never shown', HiddenField, { default: 1, readOnly: true }, '"readOnly" and "writeOnly"'],
  ['no default for a hidden field', HiddenField, {}, 'HiddenField needs a "default"'],
  ['the base itself', Field, { readOnly: true }, 'use ReadOnlyField'],
  ['no choices', ChoiceField, {}, 'ChoiceField needs "choices"'],
  ['a choice that is no pair', ChoiceField, { choices: [['a']] }, 'a choice is a value, [value, label] or [group'],
  ['no enum', EnumField, {}, 'EnumField needs "enum"'],
  ['no digits', DecimalField, { maxDigits: 2 }, 'DecimalField needs "maxDigits" and "decimalPlaces"'],
  ['a rounding that is none', DecimalField, { maxDigits: 2, decimalPlaces: 1, rounding: 'UP' }, '"rounding" is one of'],
  ['a bound that is no number', DecimalField, { maxDigits: 2, decimalPlaces: 1, minValue: 'x' }, 'a bound is a number'],
  ['an unknown form of a UUID', UUIDField, { format: 'base64' }, '"format" is one of hex_verbose'],
  ['an unknown protocol', IPAddressField, { protocol: '' }, '"protocol" is both, ipv4 or ipv6'],
  ['no pattern', RegexField, undefined, '"regex" is a RegExp or its text'],
  ['a pattern that cannot be read', RegexField, { regex: '(' }, '"regex" cannot be read'],
  ['an unknown time zone', DateTimeField, { defaultTimezone: 'Mars/Olympus' }, 'There is no time zone "Mars/Olympus"'],
  ['an unknown directive', DateField, { format: '%Q' }, 'has "%Q", which is not known'],
  ['a directive twice', DateField, { inputFormats: ['%d %d'] }, 'has it a directive twice?'],
  ['a child with a source', ListField, { child: new CharField({ source: 'x' }) }, 'its "child" has a "source"'],
  ['a child with a source', DictField, { child: new CharField({ source: 'x' }) }, 'its "child" has a "source"'],
  ['a child that is no text', HStoreField, { child: new IntegerField() }, 'its "child" is a CharField'],
  ['options in place of a function', MethodField, { writeOnly: true }, 'MethodField needs the function'],
];

describe('fields refuse when they are built', () => {
  for (const [title, type, options, message] of MISTAKES) {
    const { name } = type as { name: string };
    it(`${title} (${name})`, () => {
      expect(() => new (type as Loose)(options))
        .to.throw(message)
        .with.property('code', 'USAGE');
    });
  }

  it("nothing unknown in fields of one's own, which may have options of their own", () => {
    class Own<const P extends object> extends CharField<P> {}
    expect(new Own({ step: 2 }).options).to.deep.equal({ step: 2 });
  });
});

describe('fields refuse to show', () => {
  for (const [field, value] of [
    [new IntegerField(), 'abc'],
    [new FloatField(), ''],
    [new BigIntField(), 1.5],
    [new DecimalField({ maxDigits: 3, decimalPlaces: 1 }), '123.4'],
    [new UUIDField({ format: 'hex' }), 'x'],
    [new DateField(), new Date()],
    [new ListField(), 5],
  ] as const) {
    it(`${JSON.stringify(value)} as a ${field.constructor.name}`, () => {
      const show = () => field.toRepresentation(value, { context: {}, instance: undefined, partial: false });
      expect(show).to.throw().with.property('code', 'USAGE');
    });
  }
});
