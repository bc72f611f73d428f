/**
 * Whether values are in the table already: one query for all questions of a turn, or as many as the database's bounds ask.
 *
 * Shape:  rows and questions are compared by signature, so that time grows with their number and not with its square.
 */

import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { loaderFor } from '../../fields/related-loader.js';
import type { Queryset } from '../../fields/related-source.js';
import type { Ctx } from '../../fields/types.js';
import { kindOf } from './column-info.js';
import { lookupOf } from './lookup.js';
import { type AnyRepository, columnOf, inQueries, whereIn } from './query.js';
import { repositoryOf } from './related-source.js';

export type Row = Record<string, unknown>;

export interface Question {
  /** In the order of the properties. */
  readonly values: readonly unknown[];
  /** The row that is updated, or null. */
  readonly own: object | null;
}

export interface Comparison {
  readonly properties: readonly string[];
  readonly ignoresCase?: boolean;
  /** Of the second property, a date, only this part counts; the database is asked for the first one alone. */
  readonly period?: readonly [start: number, end: number];
}

/** Whether another row, or an earlier question of the same turn, has the values. */
export function isTaken(
  place: object,
  queryset: Queryset,
  comparison: Comparison,
  question: Question,
  ctx: Ctx,
): Promise<boolean> {
  const loader = loaderFor(ctx, place, () => {
    const repository = repositoryOf(queryset, ctx);
    return (questions: readonly Question[]) => answer(repository, comparison, questions);
  });
  return loader.load(question);
}

async function answer(
  repository: AnyRepository,
  comparison: Comparison,
  questions: readonly Question[],
): Promise<boolean[]> {
  const { properties } = comparison;
  const stored = new Map<string, Set<string>>();
  const possible = questions.filter(({ values }) => canBeStored(repository, comparison, values));
  for (const row of await candidates(repository, comparison, possible)) {
    const values = properties.map((name) => valueAt(row, name));
    const signature = signatureOf(repository, comparison, values);
    stored.set(signature, (stored.get(signature) ?? new Set()).add(idOf(repository, row)));
  }
  const earlier = new Set<string>();
  return questions.map(({ values, own }) => {
    const signature = signatureOf(repository, comparison, values);
    const isRepeated = earlier.has(signature);
    earlier.add(signature);
    const ids = stored.get(signature);
    const others = (ids?.size ?? 0) - (own && ids?.has(idOf(repository, own)) ? 1 : 0);
    return isRepeated || others > 0;
  });
}

/** What no row holds need not be asked for: one such value would fail the query for all. Other checks refuse it. */
function canBeStored(repository: AnyRepository, { properties }: Comparison, values: readonly unknown[]): boolean {
  return properties.every((name, index) => {
    const column = columnOf(repository, name);
    if (!column || column.transformer) return true; // a transformer makes any value of any other
    const lookup = lookupOf(column)(keyOf(repository, name, values[index]));
    return !('problem' in lookup) || lookup.problem === 'type';
  });
}

/** Equal for values that must not stand in two rows. */
function signatureOf(
  repository: AnyRepository,
  { properties, ignoresCase, period }: Comparison,
  values: readonly unknown[],
): string {
  const texts = properties.map((name, index) =>
    textOf(keyOf(repository, name, values[index]), columnOf(repository, name)),
  );
  if (period) texts[1] = texts[1]?.slice(...period) as string;
  const signature = JSON.stringify(texts);
  return ignoresCase ? signature.toLowerCase() : signature;
}

/** The rows that have one of the values of each property that is asked for. */
async function candidates(
  repository: AnyRepository,
  { properties, ignoresCase, period }: Comparison,
  questions: readonly Question[],
): Promise<Row[]> {
  const asked = period ? properties.slice(0, 1) : properties;
  const rows: Row[] = [];
  for (const some of inQueries(repository, questions, asked.length)) {
    const found = await selected(repository, properties, (query) => {
      asked.forEach((name, index) => {
        const keys = some.map(({ values }) => keyOf(repository, name, values[index]));
        const distinct = new Map(keys.map((key) => [textOf(key, columnOf(repository, name)), key]));
        whereIn(query, repository, name, [...distinct.values()], ignoresCase);
      });
    });
    rows.push(...found);
  }
  return rows;
}

/** The primary key and these properties of some rows; a relation with its key alone. */
export function selected(
  repository: AnyRepository,
  properties: readonly string[],
  narrow: (query: ReturnType<AnyRepository['createQueryBuilder']>) => void,
): Promise<Row[]> {
  const { metadata } = repository;
  const query = repository.createQueryBuilder('t');
  query.select(metadata.primaryColumns.map(({ propertyPath }) => `t.${propertyPath}`));
  properties.forEach((name, index) => {
    const relation = metadata.findRelationWithPropertyPath(name);
    const key = columnOf(repository, name);
    if (relation) query.leftJoin(`t.${name}`, `r${index}`).addSelect(`r${index}.${key?.propertyPath}`);
    else query.addSelect(`t.${name}`);
  });
  narrow(query);
  return query.getMany() as Promise<Row[]>;
}

function idOf({ metadata }: AnyRepository, row: object): string {
  return JSON.stringify(metadata.primaryColumns.map((column) => textOf(column.getEntityValue(row), column)));
}

/** A column of an embedded object has a path. */
function valueAt(row: Row, path: string): unknown {
  return path.split('.').reduce<unknown>((at, step) => (at as Row | null | undefined)?.[step], row);
}

/** A related row stands for its key. */
function keyOf(repository: AnyRepository, name: string, value: unknown): unknown {
  const isRelation = repository.metadata.findRelationWithPropertyPath(name) !== undefined;
  if (!isRelation || typeof value !== 'object' || value === null) return value;
  return columnOf(repository, name)?.getEntityValue(value);
}

/** Drivers give a decimal as `5`, `'5'` or `'5.00'`, and input has it in yet another form; `'1.10'` as text is no `'1.1'`. */
function textOf(value: unknown, column: ColumnMetadata | undefined): string {
  if (value instanceof Date) return value.toISOString();
  const text = String(value);
  return isFraction(column) && /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}

function isFraction(column: ColumnMetadata | undefined): boolean {
  const kind = column && kindOf(column);
  return kind === 'decimal' || kind === 'float';
}
