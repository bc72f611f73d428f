/** True and false, and the texts that stand for them. */
import { Field, usage } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

const TRUE: ReadonlySet<unknown> = new Set([
  ...['t', 'T', 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON', '1'],
  1,
]);
const FALSE: ReadonlySet<unknown> = new Set([
  ...['f', 'F', 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF', '0'],
  0,
]);
const NULL: ReadonlySet<unknown> = new Set(['null', 'Null', 'NULL', '', null]);

/** Reads `true`, `'true'`, `'yes'`, `1` and their like. With `allowNull`, `''` and `'null'` are null. */
export class BooleanField<const P extends FieldOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = { invalid: 'Must be a valid boolean.' };
  static override readonly optionNames: readonly string[] = [];

  override toInternalValue(data: unknown): boolean {
    const known = this.#known(data);
    return known === undefined ? this.fail('invalid') : known;
  }

  override toRepresentation(value: unknown): boolean {
    const known = this.#known(value);
    if (known !== undefined) return known;
    if (Array.isArray(value)) throw usage('BooleanField shows no lists.');
    return Boolean(value);
  }

  #known(value: unknown): boolean | undefined {
    if (typeof value === 'boolean') return value;
    if (TRUE.has(value)) return true;
    if (FALSE.has(value)) return false;
    // The type of the field says that null is possible where `allowNull` is set.
    return NULL.has(value) && this.settings.allowNull ? (null as unknown as boolean) : undefined;
  }
}
