/** A list of rows of another table: `new ManyRelatedField({ child: new PrimaryKeyRelatedField({ queryset: Tag }) })`. */
import { Field, NO_CTX, readBy } from './field.js';
import { orThrow } from './refusal.js';
import { readRelated } from './related-list.js';
import type { INPUT, InputOfField } from './related-types.js';
import { typeName } from './type-name.js';
import type { AnyField, Ctx, FieldOptions, NoOptions, ReprOfField, ValidOfField } from './types.js';

export interface ManyRelatedOptions extends FieldOptions {
  /** Whether `[]` is a value. Default: true. */
  readonly allowEmpty?: boolean;
}

/** What `many: true` of a relation field does, for any field of one row. All rows are looked up by one query. */
export class ManyRelatedField<C extends AnyField, const P extends ManyRelatedOptions = NoOptions> extends Field<
  P & { readonly child: C }
> {
  static override readonly errorMessages = {
    not_a_list: 'Expected a list of items but got type "{input_type}".',
    empty: 'This list may not be empty.',
  };
  static override readonly optionNames: readonly string[] = ['child', 'allowEmpty'];

  declare readonly [INPUT]?: InputOfField<C>[];

  /** A list needs options, as its child is one of them. */
  constructor(options: P & { readonly child: C }) {
    super(options);
  }

  override toInternalValue(data: unknown, ctx: Ctx = NO_CTX): ValidOfField<C>[] | Promise<ValidOfField<C>[]> {
    if (!Array.isArray(data)) return this.fail('not_a_list', { input_type: typeName(data) });
    if (data.length === 0 && (this.options as ManyRelatedOptions).allowEmpty === false) this.fail('empty');
    const { child } = this.options;
    return orThrow(readRelated(data, (item) => readBy(child, item, ctx))) as ValidOfField<C>[];
  }

  override toRepresentation(value: unknown, ctx: Ctx = NO_CTX): ReprOfField<C>[] {
    const { child } = this.options;
    return Array.from(value as Iterable<unknown>, (row) => child.toRepresentation(row, ctx)) as ReprOfField<C>[];
  }
}
