/** The items of a list or dictionary of which nothing is known. */

import { isWithin, MAX_DEPTH } from './depth.js';
import { Field } from './field.js';

/** Passes any value through, null and `''` too, unless it is nested too deep to be walked. */
export class UnvalidatedField extends Field<{ readonly allowNull: true }> {
  constructor() {
    super({ allowNull: true });
  }

  override toInternalValue(data: unknown): unknown {
    return isWithin(data, MAX_DEPTH) ? data : this.fail('invalid');
  }

  override toRepresentation(value: unknown): unknown {
    return value;
  }
}
