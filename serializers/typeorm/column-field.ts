/**
 * The field that a column becomes, and the options that follow from how the column was declared.
 *
 * Shape:  options of the user win; what they contradict goes, as in Django REST framework.
 */
import { BigIntField } from '../../fields/big-int.js';
import { BooleanField } from '../../fields/boolean.js';
import { CharField } from '../../fields/char.js';
import { ChoiceField } from '../../fields/choice.js';
import { DateField } from '../../fields/date.js';
import { DateTimeField } from '../../fields/date-time.js';
import { DecimalField } from '../../fields/decimal.js';
import { createOnlyDefault } from '../../fields/defaults.js';
import { FloatField } from '../../fields/float.js';
import { IntegerField } from '../../fields/integer.js';
import { JSONField } from '../../fields/json.js';
import { ListField } from '../../fields/list.js';
import { ModelField } from '../../fields/model.js';
import { TimeField } from '../../fields/time.js';
import type { AnyField, FieldOptions } from '../../fields/types.js';
import { UUIDField } from '../../fields/uuid.js';
import type { ColumnInfo, ColumnKind } from './column-info.js';
import { remoteColumnField } from './remote-column-field.js';

/** A class of fields, whatever its options are. */
// biome-ignore lint/suspicious/noExplicitAny: each class has options of its own
export type FieldClass = new (options: any) => AnyField;

/** Options of one field by the user: those of the field, and its class where the column does not say. */
export interface ExtraKwargs extends FieldOptions {
  readonly fieldClass?: FieldClass;
  readonly [option: string]: unknown;
}

const CLASSES: Readonly<Record<ColumnKind, FieldClass>> = {
  boolean: BooleanField,
  integer: IntegerField,
  bigint: BigIntField,
  decimal: DecimalField,
  float: FloatField,
  text: CharField,
  uuid: UUIDField,
  datetime: DateTimeField,
  date: DateField,
  time: TimeField,
  json: JSONField,
  texts: ListField,
  enum: ChoiceField,
  other: ModelField,
};

export function columnField(column: ColumnInfo, derived: FieldOptions, extra: ExtraKwargs): AnyField {
  const { fieldClass, ...own } = extra;
  if (column.remote && !fieldClass) return remoteColumnField(column, column.remote, merged(derived, own));
  const type: FieldClass = fieldClass ?? CLASSES[own.choices === undefined ? column.kind : 'enum'];
  const facts = type === CLASSES[column.kind] ? factsOf(column) : accepted(type, factsOf(column));
  const options = merged({ ...derived, ...facts }, own);
  if (!column.isList) return new type(options);
  return new CLASSES.texts({ ...merged(derived, own), child: new type(facts) });
}

/** The user's options over the derived ones. */
export function merged(derived: FieldOptions, extra: ExtraKwargs): FieldOptions {
  const { fieldClass: _fieldClass, ...own } = extra;
  if (own.readOnly ?? derived.readOnly) {
    // What checks input has nothing to do; a default still counts where values are unique together.
    const { required: _required, ...shown } = own;
    return { ...kept(derived, SHOWN), ...shown, readOnly: true };
  }
  const { required, ...rest } = derived;
  const isDecided = own.required !== undefined || own.default !== undefined || required === undefined;
  const all = { ...rest, ...(!isDecided && { required }), ...own } as { default?: unknown };
  if (own.required) delete all.default;
  return all;
}

const SHOWN = ['allowNull', 'default', 'label', 'helpText', 'child', 'choices', 'maxDigits', 'decimalPlaces'];

function kept(options: FieldOptions, names: readonly string[]): FieldOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));
}

/** Whether a value must be sent, and may be null; the database fills in what was not. */
export function requirements({ isAutomatic, isNullable, hasDefault, comment }: ColumnInfo): FieldOptions {
  const help = comment === undefined ? {} : { helpText: comment };
  if (isAutomatic) return { readOnly: true, ...help };
  return {
    ...(isNullable && { allowNull: true }),
    ...((isNullable || hasDefault) && { required: false }),
    ...help,
  };
}

/** What a column of a set that is unique together needs: all values of the set must be known to check them. */
export function uniquenessOptions({ writesDate, literalDefault, hasDefault }: ColumnInfo): FieldOptions {
  if (writesDate === 'created') return { default: createOnlyDefault(() => new Date()) };
  if (writesDate === 'changed') return { default: () => new Date() };
  if (literalDefault !== undefined) return { default: literalDefault };
  return hasDefault ? {} : { required: true };
}

function factsOf({
  maxLength,
  precision,
  scale,
  range,
  isUnsigned,
  choices,
  literalDefault,
  kind,
}: ColumnInfo): object {
  const blank = literalDefault === '' && { allowBlank: true };
  switch (kind) {
    case 'text':
      return { ...(maxLength !== undefined && { maxLength }), ...blank };
    case 'other':
      return maxLength === undefined ? {} : { maxLength };
    case 'enum':
      return { choices, ...blank };
    case 'decimal':
      return { maxDigits: precision ?? null, decimalPlaces: scale ?? null };
    case 'integer':
    case 'bigint':
      return boundsOf(range, isUnsigned, kind === 'integer');
    case 'texts':
      return { child: new CharField() };
    default:
      return {};
  }
}

function boundsOf(range: ColumnInfo['range'], isUnsigned: boolean, fitsNumber: boolean): Record<string, unknown> {
  if (!range) return isUnsigned ? { minValue: 0 } : {};
  const as = (bound: bigint) => (fitsNumber ? Number(bound) : bound);
  return { minValue: as(range.min), maxValue: as(range.max) };
}

/** Not every class takes what a column says: a choice has no length. */
function accepted(type: FieldClass, options: object): object {
  const names = new Set<string>();
  for (let at: unknown = type; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    for (const name of (at as { optionNames?: readonly string[] }).optionNames ?? []) names.add(name);
  }
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.has(name)));
}
