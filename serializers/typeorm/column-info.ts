/**
 * What serializers know of a column: TypeORM's metadata in our own few words.
 *
 * Shape:  `kind` is how its values look; the rest is what follows from how it was declared.
 */
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { type RemoteColumnOptions, remoteColumnOf } from '../../lib/remote/column.js';

/** How the values of a column look. */
export type ColumnKind =
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'decimal'
  | 'float'
  | 'text'
  | 'uuid'
  | 'datetime'
  | 'date'
  | 'time'
  | 'json'
  | 'texts'
  | 'enum'
  | 'other';

export interface ColumnInfo {
  readonly name: string;
  readonly kind: ColumnKind;
  /** A list of such values in one column. */
  readonly isList: boolean;
  readonly isPrimary: boolean;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
  /** The default, where it is a plain value; undefined where the database works it out. */
  readonly literalDefault: unknown;
  /** Generated, set by TypeORM or the database on its own, or never written. */
  readonly isAutomatic: boolean;
  /** The moment that TypeORM writes: of the insertion, or of each change. */
  readonly writesDate: 'created' | 'changed' | undefined;
  /** Loaded without being asked for: not `select: false`. */
  readonly isSelected: boolean;
  readonly maxLength: number | undefined;
  /** All digits of a decimal, and those after the point. */
  readonly precision: number | undefined;
  readonly scale: number | undefined;
  /** What the database can hold; undefined where it declares no bounds. */
  readonly range: { readonly min: bigint; readonly max: bigint } | undefined;
  readonly isUnsigned: boolean;
  readonly choices: readonly (string | number)[] | undefined;
  readonly comment: string | undefined;
  /** Declared by `@RemoteColumn`: the values are keys of objects of another service. */
  readonly remote: RemoteColumnOptions | undefined;
}

export function columnInfo(column: ColumnMetadata): ColumnInfo {
  const length = Number(column.length);
  const { default: value } = column;
  const isDate = column.isCreateDate || column.isUpdateDate || column.isDeleteDate;
  const isComputed = column.isVirtualProperty || column.generatedType !== undefined;
  const isFixed = !column.isInsert && !column.isUpdate;
  return {
    name: column.propertyName,
    kind: kindOf(column),
    isList: column.isArray,
    isPrimary: column.isPrimary,
    isNullable: column.isNullable,
    hasDefault: value !== undefined,
    literalDefault: typeof value === 'function' ? undefined : value,
    isAutomatic: column.isGenerated || column.isVersion || isDate || isComputed || isFixed,
    writesDate: column.isCreateDate ? 'created' : column.isUpdateDate ? 'changed' : undefined,
    isSelected: column.isSelect,
    maxLength: length > 0 ? length : undefined,
    precision: column.precision ?? undefined,
    scale: column.scale,
    range: rangeOf(column),
    isUnsigned: column.unsigned,
    choices: column.enum,
    comment: column.comment,
    remote: remoteColumnOf(column.target, column.propertyName),
  };
}

const KINDS: readonly (readonly [ColumnKind, readonly string[]])[] = [
  ['boolean', ['boolean', 'bool']],
  ['integer', ['int', 'int2', 'int4', 'integer', 'smallint', 'tinyint', 'mediumint', 'year']],
  ['bigint', ['bigint', 'int8', 'int64', 'unsigned big int']],
  ['decimal', ['decimal', 'dec', 'numeric', 'fixed', 'number', 'money', 'smallmoney']],
  ['float', ['float', 'float4', 'float8', 'float64', 'double', 'double precision', 'real']],
  ['uuid', ['uuid', 'uniqueidentifier']],
  ['json', ['json', 'jsonb', 'simple-json']],
  ['texts', ['simple-array']],
  ['datetime', ['datetime', 'datetime2', 'datetimeoffset', 'smalldatetime', 'timestamptz', 'seconddate']],
  ['date', ['date']],
  ['time', ['time', 'time without time zone']],
  ['text', ['text', 'citext', 'tinytext', 'mediumtext', 'longtext', 'ntext', 'clob', 'nclob', 'string', 'character']],
];
const KIND_BY_TYPE = new Map(KINDS.flatMap(([kind, types]) => types.map((type) => [type, kind] as const)));

/** Kinds that nobody here knows pass through as they are: `other`. */
export function kindOf({ type, enum: values, generationStrategy }: ColumnMetadata): ColumnKind {
  if (values) return 'enum';
  // Databases without a type of their own keep it as text.
  if (generationStrategy === 'uuid') return 'uuid';
  if (type === Boolean) return 'boolean';
  if (type === Number) return 'integer';
  if (type === String) return 'text';
  if (type === Date) return 'datetime';
  const text = String(type);
  if (text.startsWith('timestamp')) return 'datetime';
  return KIND_BY_TYPE.get(text) ?? (/char/.test(text) ? 'text' : 'other');
}

const BITS: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  int2: 16,
  mediumint: 24,
  int: 32,
  int4: 32,
  integer: 32,
  bigint: 64,
  int8: 64,
};

/** SQLite keeps 64 bits in any integer column; the others refuse what is out of range, and with it the whole statement. */
const UNBOUNDED: ReadonlySet<string> = new Set(['sqljs', 'better-sqlite3', 'sqlite', 'expo', 'capacitor', 'cordova']);

function rangeOf({ type, unsigned, entityMetadata }: ColumnMetadata): ColumnInfo['range'] {
  const { driver } = entityMetadata.dataSource;
  const bits = BITS[driver.normalizeType({ type } as Parameters<typeof driver.normalizeType>[0])];
  if (bits === undefined || UNBOUNDED.has(driver.options.type)) return undefined;
  const half = 1n << BigInt(bits - 1);
  // PostgreSQL knows no unsigned columns: `unsigned` there means what the schema cannot say.
  if (!unsigned) return { min: -half, max: half - 1n };
  return { min: 0n, max: driver.options.type === 'postgres' ? half - 1n : half * 2n - 1n };
}
