/** A list whose items are all read and shown by one field. */
import type { ErrorInput } from '../lib/validation-error.js';
import { ValidationError } from '../lib/validation-error.js';
import { EMPTY, Field, isValidationError } from './field.js';
import { isPromise } from './maybe-promise.js';
import { typeName } from './type-name.js';
import type { AnyField, Ctx, FieldOptions, NoOptions, ReprOfField, Validator, ValidOfField } from './types.js';

export interface ListOptions extends FieldOptions {
  /** Whether `[]` is a value. Default: true. */
  readonly allowEmpty?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Errors of items stand by index: `{ "3": [...] }`. */
export class ListField<C extends AnyField, const P extends ListOptions = NoOptions> extends Field<
  P & { readonly child: C }
> {
  static override readonly errorMessages = {
    not_a_list: 'Expected a list of items but got type "{input_type}".',
    empty: 'This list may not be empty.',
    max_length: 'Ensure this field has no more than {max_length} elements.',
    min_length: 'Ensure this field has at least {min_length} elements.',
  };

  /** A list needs options, as its child is one of them. */
  constructor(options: P & { readonly child: C }) {
    super(options);
  }

  override toInternalValue(data: unknown, ctx: Ctx): MaybeAll<ValidOfField<C>> {
    if (!Array.isArray(data)) return this.fail('not_a_list', { input_type: typeName(data) });
    if (data.length === 0 && (this.settings as ListOptions).allowEmpty === false) this.fail('empty');
    return readItems(data, this.options.child, ctx) as MaybeAll<ValidOfField<C>>;
  }

  override toRepresentation(value: unknown, ctx: Ctx): MaybeAll<ReprOfField<C>> {
    const { child } = this.options;
    let isWaiting = false;
    const shown = Array.from(value as Iterable<unknown>, (item) => {
      if (item === null || item === undefined) return null;
      const one = child.toRepresentation(item, ctx);
      isWaiting ||= isPromise(one);
      return one;
    });
    return (isWaiting ? Promise.all(shown) : shown) as MaybeAll<ReprOfField<C>>;
  }

  protected override validators(): readonly Validator[] {
    const { minLength, maxLength } = this.settings as ListOptions;
    return [
      ...super.validators(),
      (items: readonly unknown[]) => {
        if (maxLength !== undefined && items.length > maxLength) this.fail('max_length', { max_length: maxLength });
      },
      (items: readonly unknown[]) => {
        if (minLength !== undefined && items.length < minLength) this.fail('min_length', { min_length: minLength });
      },
    ];
  }
}

/** A list at once, or a promise of it where an item is asynchronous. */
export type MaybeAll<T> = T[] | Promise<T[]>;

/** Reads every item, and then throws the errors of all of them by index. */
export function readItems(
  data: readonly unknown[],
  child: Pick<AnyField, 'runValidation'>,
  ctx: Ctx,
): MaybeAll<unknown> {
  const errors: Record<string, ErrorInput> = {};
  const values: unknown[] = new Array(data.length);
  const waiting: Promise<void>[] = [];
  const keep = (index: number, error: unknown) => {
    if (!isValidationError(error)) throw error;
    errors[index] = error.errors as ErrorInput;
  };
  for (let index = 0; index < data.length; index++) {
    try {
      const value = child.runValidation(data[index], ctx);
      if (isPromise(value))
        waiting.push(
          value.then(
            (late) => {
              values[index] = late;
            },
            (error) => keep(index, error),
          ),
        );
      else values[index] = value;
    } catch (error) {
      keep(index, error);
    }
  }
  const finish = () => {
    if (Object.keys(errors).length > 0) throw new ValidationError(errors);
    return values.filter((value) => value !== EMPTY);
  };
  return waiting.length > 0 ? Promise.all(waiting).then(finish) : finish();
}
