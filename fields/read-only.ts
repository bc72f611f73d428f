/** A value that is shown as it is, and never read. */
import { Field } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

export type ReadOnlyOptions = Omit<FieldOptions, 'readOnly' | 'writeOnly' | 'required'>;

/** Shows any property or getter as it is. */
export class ReadOnlyField<T = unknown, const P extends ReadOnlyOptions = NoOptions> extends Field<
  P & { readonly readOnly: true }
> {
  static override readonly optionNames: readonly string[] = [];

  constructor(options?: P) {
    super({ ...(options as P), readOnly: true });
  }

  override toInternalValue(): never {
    throw new Error('A read-only field reads nothing.');
  }

  override toRepresentation(value: unknown): T {
    return value as T;
  }
}
