/**
 * How many values may be bound in one statement, by the `type` of a TypeORM data source.
 *
 * Units:  values. SQL Server takes 2,100; Oracle 1,000 in one list; SQLite 32,766; PostgreSQL and MySQL 65,535, as they
 *         count in 16 bits.
 */
const LIMITS: Readonly<Record<string, number>> = {
  mssql: 2100,
  oracle: 1000,
  'better-sqlite3': 32_766,
  sqlite: 32_766,
  sqljs: 32_766,
  capacitor: 32_766,
  cordova: 32_766,
  expo: 32_766,
  nativescript: 32_766,
  'react-native': 32_766,
  postgres: 65_535,
  'aurora-postgres': 65_535,
  cockroachdb: 65_535,
  mysql: 65_535,
  mariadb: 65_535,
  'aurora-mysql': 65_535,
};

/** For databases that nobody here knows: the least of those that are. */
const UNKNOWN = 1000;

/** Left for what limits the rows besides their keys. */
const RESERVED = 100;

/** Keys that are a condition each: SQLite allows expressions of 1,000 levels, and each `OR` is one. */
const MAX_CONDITIONS = 500;

/** The most keys of `parts` values in one statement. */
export function keysPerQuery(databaseType: string, parts: number): number {
  const limit = Object.hasOwn(LIMITS, databaseType) ? (LIMITS[databaseType] as number) : UNKNOWN;
  return parts === 1 ? limit - RESERVED : Math.min(MAX_CONDITIONS, Math.floor((limit - RESERVED) / parts));
}

/** Databases whose integer columns hold 64 bits, whatever their type says. */
export function hasWideIntegers(databaseType: string): boolean {
  return Object.hasOwn(LIMITS, databaseType) && LIMITS[databaseType] === LIMITS.sqlite;
}
