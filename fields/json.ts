/** Any JSON value. */
import { Field } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

/** What `JSON.parse` gives. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Deeper input is refused, as it could exhaust the stack of whoever walks it. */
const MAX_DEPTH = 200;

/** Reads and shows any JSON value as it is. */
export class JSONField<const P extends FieldOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = { invalid: 'Value must be valid JSON.' };

  override toInternalValue(data: unknown): JsonValue {
    return isJson(data, MAX_DEPTH) ? data : this.fail('invalid');
  }

  override toRepresentation(value: unknown): JsonValue {
    return value as JsonValue;
  }
}

function isJson(value: unknown, depth: number): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth - 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  return isPlain && Object.values(value).every((item) => isJson(item, depth - 1));
}
