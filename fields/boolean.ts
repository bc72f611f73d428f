/** True and false, and the texts that stand for them. */
import { Field } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

const TRUE: ReadonlySet<unknown> = new Set([
  ...['t', 'T', 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON', '1'],
  1,
  true,
]);
const FALSE: ReadonlySet<unknown> = new Set([
  ...['f', 'F', 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF', '0'],
  0,
  false,
]);
const NULL: ReadonlySet<unknown> = new Set(['null', 'Null', 'NULL', '', null]);

/** Reads `true`, `'true'`, `'yes'`, `1` and their like. With `allowNull`, `''` and `'null'` are null. */
export class BooleanField<const P extends FieldOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = { invalid: 'Must be a valid boolean.' };

  override toInternalValue(data: unknown): boolean {
    if (TRUE.has(data)) return true;
    if (FALSE.has(data)) return false;
    // The type of the field says that null is possible where `allowNull` is set.
    if (NULL.has(data) && this.settings.allowNull) return null as unknown as boolean;
    return this.fail('invalid');
  }

  override toRepresentation(value: unknown): boolean {
    if (TRUE.has(value)) return true;
    if (FALSE.has(value)) return false;
    if (NULL.has(value) && this.settings.allowNull) return null as unknown as boolean;
    return Boolean(value);
  }
}
