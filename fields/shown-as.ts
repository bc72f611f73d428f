/**
 * Which ordinary values a field shows without a question, so that a serializer need not ask it for each.
 *
 * Known by the method itself, not by the class: an override is another method, and is asked.
 */
import { BooleanField } from './boolean.js';
import { CharField } from './char.js';
import { DateTimeField } from './date-time.js';
import { FloatField } from './float.js';
import { IntegerField } from './integer.js';
import type { AnyField } from './types.js';

/** Values of this kind are shown as they are; `integer` is a whole number of 32 bits, `date` is shown at once by its field. */
export type ShownAs = 'string' | 'number' | 'integer' | 'boolean' | 'date';

const KNOWN: ReadonlyMap<unknown, ShownAs> = new Map<unknown, ShownAs>([
  [CharField.prototype.toRepresentation, 'string'],
  [IntegerField.prototype.toRepresentation, 'integer'],
  [FloatField.prototype.toRepresentation, 'number'],
  [BooleanField.prototype.toRepresentation, 'boolean'],
  [DateTimeField.prototype.toRepresentation, 'date'],
]);

export function shownAs(field: AnyField): ShownAs | undefined {
  return KNOWN.get(field.toRepresentation);
}
