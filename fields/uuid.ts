/**
 * UUIDs.
 *
 * Shape:  a text of lower-case digits with hyphens, which is what TypeORM gives for `uuid` columns and takes for them.
 */
import { Field, usage } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';
import { asciiDigits, codePoints, strip } from './validators.js';

export interface UUIDOptions extends FieldOptions {
  /** How it is shown: with hyphens, without, as a whole number (a text of digits), as `urn:uuid:...`. Default: `hex_verbose`. */
  readonly format?: 'hex_verbose' | 'hex' | 'int' | 'urn';
}

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = /^\+?(?:0x_?)?([0-9a-f]+(?:_[0-9a-f]+)*)$/i;
const END = 2n ** 128n;
const FORMATS = {
  hex_verbose: (text: string) => text,
  hex: (text: string) => text.replaceAll('-', ''),
  int: (text: string) => String(BigInt(`0x${text.replaceAll('-', '')}`)),
  urn: (text: string) => `urn:uuid:${text}`,
} as const;

/** Reads 32 hexadecimal digits, with hyphens, braces or `urn:uuid:` or without, and whole numbers. */
export class UUIDField<const P extends UUIDOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = { invalid: 'Must be a valid UUID.' };
  static override readonly optionNames: readonly string[] = ['format'];

  readonly #show: (text: string) => string;

  constructor(options?: P) {
    super(options);
    const { format = 'hex_verbose' } = this.settings as UUIDOptions;
    if (!Object.hasOwn(FORMATS, format)) {
      throw usage(`UUIDField: "format" is one of ${Object.keys(FORMATS).join(', ')}, not "${format}".`);
    }
    this.#show = FORMATS[format];
  }

  override toInternalValue(data: unknown): string {
    if (typeof data === 'string') return uuidOf(data) ?? this.fail('invalid');
    const isWhole = typeof data === 'bigint' || typeof data === 'boolean' || Number.isSafeInteger(data);
    const value = isWhole ? BigInt(data as number) : -1n;
    return value >= 0n && value < END ? hyphenated(value.toString(16)) : this.fail('invalid');
  }

  /** A text that is no UUID is shown as it is. */
  override toRepresentation(value: unknown): string {
    const text = String(value);
    if (this.#show === FORMATS.hex_verbose || CANONICAL.test(text)) return this.#show(text);
    return this.#show(uuidOf(text) ?? notShown(text));
  }
}

function notShown(text: string): never {
  throw usage(`UUIDField cannot show ${JSON.stringify(text)} in its format.`);
}

/** True for the form in which a UUID is given. */
export function isCanonicalUuid(text: string): boolean {
  return CANONICAL.test(text);
}

/** Digits as Python's `int()` reads them: of any script, with `_` between two, with `0x` before. */
function uuidOf(text: string): string | undefined {
  if (CANONICAL.test(text)) return text;
  const digits = text
    .replaceAll('urn:', '')
    .replaceAll('uuid:', '')
    .replace(/^[{}]+/, '')
    .replace(/(?<![{}])[{}]+$/, '')
    .replaceAll('-', '');
  if (digits.length > 64 || codePoints(digits) !== 32) return undefined;
  const hex = HEX.exec(asciiDigits(strip(digits)))?.[1];
  return hex === undefined ? undefined : hyphenated(hex.replaceAll('_', '').toLowerCase());
}

function hyphenated(hex: string): string {
  const all = hex.padStart(32, '0');
  return `${all.slice(0, 8)}-${all.slice(8, 12)}-${all.slice(12, 16)}-${all.slice(16, 20)}-${all.slice(20)}`;
}
