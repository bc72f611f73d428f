/**
 * Where relation fields find the rows they refer to. Fields do not know how to ask a database: `bgtasks/serializers`
 * installs what does.
 */
import { usage } from './field.js';
import type { Ctx } from './types.js';

/** The part of a TypeORM repository by which its rows are known. */
export interface RepositoryLike<E extends object = object> {
  readonly target: unknown;
  createQueryBuilder(alias?: string): unknown;
  find(): Promise<E[]>;
}

/** All rows of an entity: its class, its repository, or a function that gives the repository once it exists. */
export type Queryset<E extends object = object> =
  // biome-ignore lint/suspicious/noExplicitAny: entities have constructors of any kind
  (abstract new (...args: any[]) => E) | RepositoryLike<E> | (() => RepositoryLike<E>);

/** What is wrong with a value that cannot be looked up: its type, its form, or that no row can have it. */
export type LookupProblem = 'type' | 'format' | 'absent';

export interface RelatedSource {
  /** The property that is looked up. */
  readonly property: string;
  /** The value as its column holds it. */
  toLookup(data: unknown): { readonly value: unknown } | { readonly problem: LookupProblem };
  /** The rows by `String(value)`: one query. */
  find(values: readonly unknown[]): Promise<ReadonlyMap<string, object>>;
}

export interface RelatedQuery {
  readonly queryset: Queryset;
  /** Default: the primary key. */
  readonly property: string | undefined;
  /** Only these rows count, as TypeORM's `where` has it. */
  readonly where: object | undefined;
}

export interface RelatedSources {
  open(query: RelatedQuery, ctx: Ctx): RelatedSource;
  /** The primary key of a row. */
  keyOf(row: object, ctx: Ctx): unknown;
}

let installed: RelatedSources | undefined;

/** Called once by `bgtasks/serializers`. */
export function installRelatedSources(sources: RelatedSources): void {
  installed = sources;
}

export function relatedSources(): RelatedSources {
  if (!installed)
    throw usage('Relation fields need "bgtasks/serializers", which is what asks the database: import it.');
  return installed;
}
