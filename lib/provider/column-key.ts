/**
 * Keys as a column can hold them. PostgreSQL fails a whole statement for one value that is no number, no UUID or out of
 * range, so a key that no row can have is not asked for: its object is missing, and the others are found.
 */
import type { Key } from '../tasks/remotes.js';

/** The part of TypeORM's metadata by which the keys of a column are known. */
export interface KeyColumn {
  readonly type: unknown;
  readonly generationStrategy?: string | undefined;
  readonly unsigned: boolean;
  readonly transformer?: unknown;
}

const BITS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ['tinyint', 8],
  ['smallint', 16],
  ['int2', 16],
  ['mediumint', 24],
  ['int', 32],
  ['int4', 32],
  ['integer', 32],
  [Number, 32],
  ['bigint', 64],
  ['int8', 64],
  ['int64', 64],
]);

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The key as it is asked for; undefined where no row can have it. `isWide`: every integer column holds 64 bits. */
export function columnKey(column: KeyColumn, isWide: boolean): (key: Key) => Key | undefined {
  const { type, generationStrategy, unsigned, transformer } = column;
  if (transformer) return (key) => key;
  if (type === 'uuid' || type === 'uniqueidentifier' || generationStrategy === 'uuid') return uuid;
  const bits = BITS.get(type);
  if (bits !== undefined) return integer(isWide ? 64 : bits, unsigned);
  return type === String || /char|text/i.test(String(type)) ? text : (key) => key;
}

function uuid(key: Key): Key | undefined {
  const digits = String(key).toLowerCase();
  return UUID.test(digits) ? digits : undefined;
}

function integer(bits: number, isUnsigned: boolean): (key: Key) => Key | undefined {
  const half = 1n << BigInt(bits - 1);
  const [min, max] = isUnsigned ? [0n, half * 2n - 1n] : [-half, half - 1n];
  return (key) => {
    // Up to 20 digits are 64 bits; without leading zeros, as a row would not be shown under such a key.
    if (!/^(?:0|-?[1-9]\d{0,19})$/.test(String(key))) return undefined;
    const value = BigInt(key);
    return value >= min && value <= max ? key : undefined;
  };
}

/** PostgreSQL stores no NUL, and no database half a character. */
function text(key: Key): Key | undefined {
  const value = String(key);
  return value.includes('\0') || !value.isWellFormed() ? undefined : value;
}
