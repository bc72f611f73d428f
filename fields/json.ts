/** Any JSON value. */
import { MAX_DEPTH } from './depth.js';
import { Field, usage } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

/** What `JSON.parse` gives. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export interface JSONOptions extends FieldOptions {
  /** The input is the text of a JSON value, or its bytes, and so is what is shown. Default: false. */
  readonly binary?: boolean;
}

type Shown<P> = P extends { readonly binary: true } ? string : JsonValue;

/** Reads and shows any JSON value as it is. */
export class JSONField<const P extends JSONOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = { invalid: 'Value must be valid JSON.' };
  static override readonly optionNames: readonly string[] = ['binary'];

  override toInternalValue(data: unknown): JsonValue {
    const value = (this.settings as JSONOptions).binary ? parsed(data) : data;
    return isJson(value, MAX_DEPTH) ? value : this.fail('invalid');
  }

  override toRepresentation(value: unknown): Shown<P> {
    if (!(this.settings as JSONOptions).binary) return value as Shown<P>;
    if (!isJson(value, MAX_DEPTH)) throw usage('JSONField: what it shows as text must be a JSON value.');
    return JSON.stringify(value) as Shown<P>;
  }
}

/** undefined for what is no JSON text. */
function parsed(data: unknown): unknown {
  try {
    const text =
      data instanceof Uint8Array ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data) : data;
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
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
