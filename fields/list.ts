/** A list whose items are all read and shown by one field. */

import { forsake, isPromise, type MaybePromise } from '../lib/maybe-promise.js';
import type { ErrorTree, ValidationError } from '../lib/validation-error.js';
import { EMPTY, Field, readBy, usage } from './field.js';
import { checkChild } from './options.js';
import { isRefusal, orThrow, refusal } from './refusal.js';
import { showItem } from './show-item.js';
import { typeName } from './type-name.js';
import type { AnyField, Ctx, FieldOptions, NoOptions, ReprOfField, ValidOfField } from './types.js';
import { UnvalidatedField } from './unvalidated.js';

export interface ListOptions extends FieldOptions {
  /** Whether `[]` is a value. Default: true. */
  readonly allowEmpty?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Errors of items stand by index: `{ "3": [...] }`. Without a `child`, items are whatever they are. */
export class ListField<C extends AnyField = UnvalidatedField, const P extends ListOptions = NoOptions> extends Field<
  P & { readonly child: C }
> {
  static override readonly errorMessages = {
    not_a_list: 'Expected a list of items but got type "{input_type}".',
    empty: 'This list may not be empty.',
    max_length: 'Ensure this field has no more than {max_length} elements.',
    min_length: 'Ensure this field has at least {min_length} elements.',
  };
  static override readonly optionNames: readonly string[] = ['child', 'allowEmpty', 'minLength', 'maxLength'];

  constructor(options?: P & { readonly child?: C }) {
    super({ ...options, child: options?.child ?? new UnvalidatedField() } as P & { readonly child: C });
    checkChild('ListField', this.options.child);
    const { minLength, maxLength } = this.settings as ListOptions;
    if (maxLength !== undefined && maxLength !== null) {
      this.refuseWhen((items: readonly unknown[]) => items.length > maxLength, 'max_length', { max_length: maxLength });
    }
    if (minLength !== undefined && minLength !== null) {
      this.refuseWhen((items: readonly unknown[]) => items.length < minLength, 'min_length', { min_length: minLength });
    }
  }

  override toInternalValue(data: unknown, ctx: Ctx): MaybeAll<ValidOfField<C>> {
    const items = data instanceof Set ? [...data] : data;
    if (!Array.isArray(items)) return this.fail('not_a_list', { input_type: typeName(data) });
    if (items.length === 0 && (this.settings as ListOptions).allowEmpty === false) this.fail('empty');
    const { child } = this.options;
    return orThrow(readItems(items, (item) => readBy(child, item, ctx))) as MaybeAll<ValidOfField<C>>;
  }

  override toRepresentation(value: unknown, ctx: Ctx): MaybeAll<ReprOfField<C>> {
    if (!isIterable(value)) throw usage(`ListField shows lists, not ${typeName(value)}.`);
    const { child } = this.options;
    let isWaiting = false;
    const shown = Array.from(value, (item) => {
      const one = showItem(child, item, ctx);
      isWaiting ||= isPromise(one);
      return one;
    });
    return (isWaiting ? Promise.all(shown) : shown) as MaybeAll<ReprOfField<C>>;
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof (value as Iterable<unknown> | undefined)?.[Symbol.iterator] === 'function';
}

/** A list at once, or a promise of it where an item is asynchronous. */
export type MaybeAll<T> = T[] | Promise<T[]>;

/** Reads every item: a list, or one refusal with the errors of all of them by index. An item that sets no value is left out. */
export function readItems(
  data: readonly unknown[],
  readItem: (item: unknown) => unknown,
): MaybePromise<unknown[] | ValidationError> {
  const items: unknown[] = new Array(data.length);
  let isWaiting = false;
  for (let index = 0; index < data.length; index++) {
    try {
      items[index] = readItem(data[index]);
    } catch (error) {
      forsake(items);
      throw error;
    }
    isWaiting ||= isPromise(items[index]);
  }
  return isWaiting ? Promise.all(items).then(listOf) : listOf(items);
}

function listOf(items: unknown[]): unknown[] | ValidationError {
  let errors: Record<string, ErrorTree> | undefined;
  let isSparse = false;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    isSparse ||= item === EMPTY;
    if (!isRefusal(item)) continue;
    errors ??= {};
    errors[index] = item.errors;
  }
  if (errors) return refusal(errors);
  return isSparse ? items.filter((item) => item !== EMPTY) : items;
}
