/**
 * No two rows with the same values: validators for one property, for several together, and within a day, month or year.
 *
 * Shape:  one query for all values that are checked in one turn, so one for a whole list; an update leaves its own row
 *         out. Of two new rows in one list that have the same values the later one is refused.
 * Errors: code `unique`; `required` for what has to be known and was not sent.
 */
import { usage } from '../../fields/field.js';
import { filledMessage } from '../../fields/messages.js';
import type { Queryset } from '../../fields/related-source.js';
import type { Ctx, Validator } from '../../fields/types.js';
import { type ErrorInput, ValidationError } from '../../lib/validation-error.js';
import { Scope } from '../scope.js';
import { repositoryOf } from './related-source.js';
import { isTaken, type Row, selected } from './taken.js';

export interface UniqueOptions {
  readonly queryset: Queryset;
  /** Default: the one that the field writes. */
  readonly property?: string;
  /** `iexact` does not tell capitals from small letters. Default: `exact`. */
  readonly lookup?: 'exact' | 'iexact';
  readonly message?: string;
}

/** For the `validators` of a field: no other row has its value. */
export function uniqueValidator({ queryset, property, lookup = 'exact', message }: UniqueOptions): Validator {
  const place = {};
  const ignoresCase = lookup === 'iexact';
  return async (value, ctx) => {
    const name = property ?? (ctx instanceof Scope ? ctx.property : undefined);
    if (name === undefined) throw usage('uniqueValidator() outside of a serializer needs a "property".');
    const comparison = { properties: [name], ignoresCase };
    const own = name.includes('.') ? ownerOf(queryset, ctx) : ownRow(ctx);
    if (await isTaken(place, queryset, comparison, { values: [value], own }, ctx))
      refuse(message ?? 'This field must be unique.');
  };
}

export interface UniqueTogetherOptions {
  readonly queryset: Queryset;
  /** The names of fields; an object gives the property of each, where it has another name. */
  readonly fields: readonly string[] | Readonly<Record<string, string>>;
  readonly message?: string;
}

/** For `serializerValidators`: no other row has these values together. Where one is null, nothing is checked. */
export function uniqueTogetherValidator({ queryset, fields, message }: UniqueTogetherOptions): Validator {
  const place = {};
  const pairs = Array.isArray(fields) ? fields.map((name) => [name, name] as const) : Object.entries(fields);
  const properties = pairs.map(([, property]) => property as string);
  return async (attrs: Row, ctx) => {
    const own = ownRow(ctx);
    if (own === null) refuseMissing(pairs.filter(([, property]) => !Object.hasOwn(attrs, property as string)));
    else if (!properties.some((property) => Object.hasOwn(attrs, property))) return;
    const values = await Promise.all(
      properties.map((name) => (Object.hasOwn(attrs, name) ? attrs[name] : storedValue(queryset, own, name, ctx))),
    );
    if (values.some((value) => value === null || value === undefined)) return;
    if (!(await isTaken(place, queryset, { properties }, { values, own }, ctx))) return;
    const text = message ?? 'The fields {field_names} must make a unique set.';
    refuse(filledMessage('unique', text, { field_names: pairs.map(([name]) => name).join(', ') }));
  };
}

export interface UniqueForOptions {
  readonly queryset: Queryset;
  /** The field whose value is unique. */
  readonly field: string;
  /** The date within whose day, month or year it is unique. */
  readonly dateField: string;
  readonly message?: string;
}

/** For `serializerValidators`: no other row of the same day has the value. */
export const uniqueForDateValidator = (options: UniqueForOptions) => uniqueFor('date', [0, 10], options);
/** The same for the month, of whatever year. */
export const uniqueForMonthValidator = (options: UniqueForOptions) => uniqueFor('month', [5, 7], options);
/** The same for the year. */
export const uniqueForYearValidator = (options: UniqueForOptions) => uniqueFor('year', [0, 4], options);

/** `part` is where the period stands in an ISO date. */
function uniqueFor(
  period: string,
  part: readonly [number, number],
  { queryset, field, dateField, message }: UniqueForOptions,
): Validator {
  const place = {};
  const comparison = { properties: [field, dateField], period: part };
  return async (attrs: Row, ctx) => {
    refuseMissing([field, dateField].filter((name) => !Object.hasOwn(attrs, name)).map((name) => [name]));
    const question = { values: [attrs[field], attrs[dateField]], own: ownRow(ctx) };
    if (question.values.some((value) => value === null || value === undefined)) return;
    if (!(await isTaken(place, queryset, comparison, question, ctx))) return;
    const text = message ?? `This field must be unique for the "{date_field}" ${period}.`;
    const filled = filledMessage('unique', text, { date_field: dateField });
    throw new ValidationError({ [field]: { message: filled, code: 'unique' } });
  };
}

/** The row that the serializer updates. */
function ownRow(ctx: Ctx): object | null {
  const row = ctx instanceof Scope ? ctx.row : ctx.instance;
  return (row as object | null | undefined) ?? null;
}

/** What is embedded is read by a serializer of its own, and stands in the row of the root. */
function ownerOf(queryset: Queryset, ctx: Ctx): object | null {
  const { target } = repositoryOf(queryset, ctx).metadata;
  return typeof target === 'function' && ctx.instance instanceof target ? ctx.instance : null;
}

function refuse(message: string): never {
  throw new ValidationError(message, 'unique');
}

function refuseMissing(fields: readonly (readonly [string, ...unknown[]])[]): void {
  if (fields.length === 0) return;
  const missing: ErrorInput = { message: 'This field is required.', code: 'required' };
  throw new ValidationError(Object.fromEntries(fields.map(([name]) => [name, missing])));
}

/** Of the row that is updated; a key that was not loaded with it is in the table. */
async function storedValue(queryset: Queryset, own: object | null, name: string, ctx: Ctx): Promise<unknown> {
  const value = (own as Row | null)?.[name];
  if (value !== undefined || own === null) return value;
  const repository = repositoryOf(queryset, ctx);
  const id = repository.metadata.getEntityIdMap(own);
  const rows = await selected(repository, [name], (query) => query.whereInIds([id]));
  return rows[0]?.[name];
}
