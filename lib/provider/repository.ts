/**
 * Rows of a TypeORM repository by primary key. Only what a repository itself offers is used: no import of TypeORM.
 *
 * Columns: those asked for that are there; a column with `select: false` is never given out, whatever is asked.
 */
import { BgTasksError } from '../errors.js';
import type { Key } from '../tasks/remotes.js';

/** What `provide` needs of a TypeORM repository. */
export interface RepositoryLike<T> {
  readonly target: unknown;
  readonly metadata: {
    readonly columns: readonly {
      readonly propertyName: string;
      readonly isSelect: boolean;
      readonly isPrimary: boolean;
    }[];
  };
  find(options?: object): Promise<T[]>;
  createQueryBuilder(alias?: string): KeyQuery<T>;
}

interface KeyQuery<T> {
  setFindOptions(options: object): KeyQuery<T>;
  // biome-ignore lint/suspicious/noExplicitAny: TypeORM's own parameter; a narrower one would not fit it
  andWhereInIds(ids: any): KeyQuery<T>;
  getMany(): Promise<T[]>;
}

/** SQL Server takes 2,100 parameters, which is the fewest of the databases that TypeORM knows. */
const MAX_PARAMETERS = 2000;

export async function findByKeys<T>(
  repository: RepositoryLike<T>,
  keys: readonly Key[],
  fields: readonly string[] | undefined,
  where: Partial<T> | undefined,
): Promise<T[]> {
  const open = Object.entries(where ?? {}).find(([, value]) => value === undefined);
  if (open) {
    // With undefined, TypeORM may leave the condition out, and the caller would see everything.
    throw new BgTasksError('USAGE', `provide: "where" says nothing about "${open[0]}": its value is undefined.`);
  }
  const options = { ...(where && { where }), ...(fields && { select: selection(repository, fields) }) };
  const found: T[] = [];
  for (let start = 0; start < keys.length; start += MAX_PARAMETERS) {
    const query = repository.createQueryBuilder('row').setFindOptions(options);
    found.push(...(await query.andWhereInIds(keys.slice(start, start + MAX_PARAMETERS)).getMany()));
  }
  return found;
}

function selection<T>(repository: RepositoryLike<T>, fields: readonly string[]): Record<string, true> {
  const wanted = new Set(fields);
  const columns = repository.metadata.columns.filter(
    (column) => column.isPrimary || (column.isSelect && wanted.has(column.propertyName)),
  );
  return Object.fromEntries(columns.map(({ propertyName }) => [propertyName, true]));
}
