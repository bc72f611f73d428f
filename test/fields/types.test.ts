/** What is inferred from fields: the assertions are the types, so that compiling is the test. */
import { expect } from 'chai';
import {
  type BigIntField,
  ChoiceField,
  type DateField,
  DateTimeField,
  DecimalField,
  DictField,
  type DurationField,
  EnumField,
  HStoreField,
  IntegerField,
  JSONField,
  type JsonValue,
  ListField,
  MultipleChoiceField,
  type ReprOfField,
  type UUIDField,
  type ValidOfField,
} from '../../fields/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** An enum is another type than the union of its members, though neither is more than the other. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;
function assertType<_T extends true>(): void {}

enum Level {
  Low,
  High,
}

const choice = new ChoiceField({ choices: [['a', 'A'], 'b', ['Group', [[1, 'One'], 2]]], allowBlank: true });
const byLabel = new ChoiceField({ choices: { draft: 'Draft', public: 'Public' }, allowNull: true });
const several = new MultipleChoiceField({ choices: ['a', 'b'] });
const level = new EnumField({ enum: Level });
const decimal = new DecimalField({ maxDigits: 5, decimalPlaces: 2 });
const number = new DecimalField({ maxDigits: 5, decimalPlaces: 2, coerceToString: false, allowNull: true });
const at = new DateTimeField();
const raw = new DateTimeField({ format: null });
const dict = new DictField({ child: new IntegerField({ allowNull: true }), required: false });
const anything = new ListField();
const texts = new HStoreField();
const json = new JSONField({ binary: true });

describe('the types of fields', () => {
  it('follow from their options', () => {
    assertType<Equal<ValidOfField<typeof choice>, 'a' | 'b' | 1 | 2 | ''>>();
    assertType<Equal<ValidOfField<typeof byLabel>, 'draft' | 'public' | null>>();
    assertType<Equal<ValidOfField<typeof several>, ('a' | 'b')[]>>();
    assertType<Same<ValidOfField<typeof level>, Level>>();
    assertType<Equal<ReprOfField<typeof decimal>, string>>();
    assertType<Equal<ReprOfField<typeof number>, number | null>>();
    assertType<Equal<ReprOfField<typeof at>, string>>();
    assertType<Equal<ReprOfField<typeof raw>, Date>>();
    assertType<Equal<ValidOfField<typeof raw>, Date>>();
    assertType<Equal<ValidOfField<typeof dict>, Record<string, number | null>>>();
    assertType<Equal<ValidOfField<typeof anything>, unknown[]>>();
    assertType<Equal<ValidOfField<typeof texts>, Record<string, string | null>>>();
    assertType<Equal<ReprOfField<typeof json>, string>>();
    assertType<Equal<ValidOfField<typeof json>, JsonValue>>();
    assertType<Equal<ValidOfField<BigIntField>, string>>();
    assertType<Equal<ValidOfField<DurationField>, number>>();
    assertType<Equal<ValidOfField<DateField>, string>>();
    assertType<Equal<ValidOfField<UUIDField>, string>>();
    expect(choice.options.allowBlank).to.equal(true);
  });
});
