/**
 * Values as a column holds them, so that what cannot be in it is refused before the database is asked: PostgreSQL fails
 * a whole statement for one value that is no number, no UUID, or out of range.
 */
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { LookupProblem } from '../../fields/related-source.js';
import { asciiDigits, loneSurrogate, strip } from '../../fields/validators.js';
import { columnInfo } from './column-info.js';

export type Lookup = { readonly value: unknown } | { readonly problem: LookupProblem };

export function lookupOf(column: ColumnMetadata): (data: unknown) => Lookup {
  const { kind, range } = columnInfo(column);
  switch (kind) {
    case 'integer':
    case 'bigint':
      return (data) => integerLookup(data, range);
    case 'uuid':
      return uuidLookup;
    case 'float':
    case 'decimal':
      return numberLookup;
    case 'boolean':
      return (data) => (typeof data === 'boolean' ? { value: data } : { problem: 'type' });
    default:
      return textLookup;
  }
}

/** As Python's `int()`: spaces around, a sign, digits; the fraction of a number is cut off. */
function integerLookup(data: unknown, range: { min: bigint; max: bigint } | undefined): Lookup {
  const value = integerOf(data);
  if (value === undefined) return { problem: 'type' };
  const { min, max } = range ?? { min: -(2n ** 63n), max: 2n ** 63n - 1n };
  if (value < min || value > max) return { problem: 'absent' };
  const isExact = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return { value: isExact ? Number(value) : String(value) };
}

function integerOf(data: unknown): bigint | undefined {
  if (typeof data === 'bigint') return data;
  if (typeof data === 'boolean') return data ? 1n : 0n;
  if (typeof data === 'number') return Number.isFinite(data) ? BigInt(Math.trunc(data)) : undefined;
  if (typeof data !== 'string' || data.length > 100) return undefined;
  const text = asciiDigits(strip(data));
  return /^[+-]?\d+(?:_\d+)*$/.test(text) ? BigInt(text.replaceAll('_', '').replace(/^\+/, '')) : undefined;
}

function numberLookup(data: unknown): Lookup {
  const value = typeof data === 'string' && data.length <= 100 && strip(data) !== '' ? Number(strip(data)) : data;
  return typeof value === 'number' && Number.isFinite(value) ? { value } : { problem: 'type' };
}

function uuidLookup(data: unknown): Lookup {
  if (typeof data !== 'string') return { problem: 'type' };
  const digits = data
    .replace(/^urn:uuid:/i, '')
    .replace(/[{}-]/g, '')
    .toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) return { problem: 'format' };
  return { value: digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') };
}

/** A text with what no database stores is in none. */
function textLookup(data: unknown): Lookup {
  if (typeof data === 'object' || data === undefined) return { problem: 'type' };
  const text = String(data);
  return text.includes('\0') || loneSurrogate(text) !== undefined ? { problem: 'absent' } : { value: text };
}
