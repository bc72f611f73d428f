/** An object of any keys, whose values are all read and shown by one field. */

import { isPromise, type MaybePromise } from '../lib/maybe-promise.js';
import type { ValidationError } from '../lib/validation-error.js';
import { EMPTY, Field, readBy } from './field.js';
import { checkChild } from './options.js';
import { isRefusal, orThrow, refusal, runEach } from './refusal.js';
import { showItem } from './show-item.js';
import { typeName } from './type-name.js';
import type { AnyField, Ctx, FieldOptions, NoOptions, ReprOfField, ValidOfField } from './types.js';
import { UnvalidatedField } from './unvalidated.js';

export interface DictOptions extends FieldOptions {
  /** Whether `{}` is a value. Default: true. */
  readonly allowEmpty?: boolean;
}

/** Errors of values stand by key. Without a `child`, values are whatever they are. */
export class DictField<C extends AnyField = UnvalidatedField, const P extends DictOptions = NoOptions> extends Field<
  P & { readonly child: C }
> {
  static override readonly errorMessages = {
    not_a_dict: 'Expected a dictionary of items but got type "{input_type}".',
    empty: 'This dictionary may not be empty.',
  };
  static override readonly optionNames: readonly string[] = ['child', 'allowEmpty'];

  constructor(options?: P & { readonly child?: C }) {
    super({ ...options, child: options?.child ?? new UnvalidatedField() } as P & { readonly child: C });
    checkChild('DictField', this.options.child);
  }

  override toInternalValue(data: unknown, ctx: Ctx): MaybePromise<Record<string, ValidOfField<C>>> {
    const entries = entriesOf(data) ?? this.fail('not_a_dict', { input_type: typeName(data) });
    if (entries.length === 0 && (this.settings as DictOptions).allowEmpty === false) this.fail('empty');
    return orThrow(readEntries(entries, this.options.child, ctx)) as MaybePromise<Record<string, ValidOfField<C>>>;
  }

  override toRepresentation(value: unknown, ctx: Ctx): MaybePromise<Record<string, ReprOfField<C>>> {
    const { child } = this.options;
    const entries = value instanceof Map ? [...value] : Object.entries(value as object);
    const shown = entries.map(([key, item]): [string, unknown] => [String(key), showItem(child, item, ctx)]);
    return allOf(shown) as MaybePromise<Record<string, ReprOfField<C>>>;
  }
}

/** Own keys alone; undefined for what is no dictionary. */
function entriesOf(data: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (data instanceof Map) return [...data];
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(data);
  return prototype === Object.prototype || prototype === null ? Object.entries(data) : undefined;
}

function readEntries(
  entries: readonly (readonly [unknown, unknown])[],
  child: AnyField,
  ctx: Ctx,
): MaybePromise<Record<string, unknown> | ValidationError> {
  const keys = entries.map(([key]) => String(key));
  const values = runEach(entries, ([, item]) => readBy(child, item, ctx));
  return values.some(isPromise)
    ? Promise.all(values).then((late) => dictionaryOf(keys, late))
    : dictionaryOf(keys, values);
}

/** `fromEntries` makes own properties of all keys, of `__proto__` too. */
function dictionaryOf(keys: readonly string[], values: readonly unknown[]): Record<string, unknown> | ValidationError {
  const entries = keys.map((key, index) => [key, values[index]] as const);
  const refused = entries.flatMap(([key, value]) => (isRefusal(value) ? [[key, value.errors] as const] : []));
  if (refused.length > 0) return refusal(Object.fromEntries(refused));
  return Object.fromEntries(entries.filter(([, value]) => value !== EMPTY));
}

function allOf(entries: readonly [string, unknown][]): MaybePromise<Record<string, unknown>> {
  if (!entries.some(([, value]) => isPromise(value))) return Object.fromEntries(entries);
  return Promise.all(entries.map(async ([key, value]) => [key, await value] as const)).then(Object.fromEntries);
}
