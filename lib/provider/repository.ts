/**
 * Rows of a TypeORM repository by key. Only what a repository itself offers is used: no import of TypeORM.
 *
 * Shape:  `repositoryRows(...)` is made once; its `names` are the properties of a key, and `find` sends one query, or as
 *         many as the database's limit of bound values needs.
 * Errors: a `ValidationError` for fields that are not there; `USAGE` for a `where` that would limit nothing.
 */
import { BgTasksError, preview } from '../errors.js';
import type { Key } from '../tasks/remotes.js';
import { ValidationError } from '../validation-error.js';
import { columnKey, type KeyColumn } from './column-key.js';
import { hasWideIntegers, keysPerQuery } from './parameters.js';
import { type AnyKey, type KeyForm, rowKeyForm } from './remote-key.js';

/** What `provide` needs of a column. */
export interface ColumnLike extends KeyColumn {
  readonly propertyName: string;
  /** Dotted where the column is one of an embedded object. */
  readonly propertyPath: string;
  readonly isSelect: boolean;
  readonly isPrimary: boolean;
  /** No property: the column of a relation, for one. */
  readonly isVirtual: boolean;
}

/** What `provide` needs of a TypeORM repository. */
export interface RepositoryLike<T> {
  readonly target: unknown;
  readonly metadata: { readonly name: string; readonly columns: readonly ColumnLike[] };
  readonly manager: {
    readonly dataSource: { readonly options: { readonly type: string }; readonly isInitialized: boolean };
  };
  find(options?: object): Promise<T[]>;
  createQueryBuilder(alias?: string): KeyQuery<T>;
}

interface KeyQuery<T> {
  setFindOptions(options: object): KeyQuery<T>;
  // biome-ignore lint/suspicious/noExplicitAny: TypeORM's own parameter; a narrower one would not fit it
  andWhereInIds(ids: any): KeyQuery<T>;
  andWhere(condition: string, parameters: object): KeyQuery<T>;
  getMany(): Promise<T[]>;
}

export interface RowsOptions {
  /** The property of a key, or its properties; undefined means the primary key. */
  readonly by: string | readonly string[] | undefined;
  /** Columns with `select: false` that are given to who asks for them by name. */
  readonly expose: readonly string[];
}

export interface RepositoryRows {
  readonly form: KeyForm;
  find(keys: readonly AnyKey[], fields: readonly string[] | undefined, where: unknown): Promise<object[]>;
}

/** Called on first use: metadata are not there before the data source is. */
export function repositoryRows(repository: RepositoryLike<object>, { by, expose }: RowsOptions): RepositoryRows {
  const { metadata, manager } = repository;
  const databaseType = manager.dataSource.options.type;
  const primary = metadata.columns.filter(({ isPrimary }) => isPrimary).map(({ propertyName }) => propertyName);
  const form = rowKeyForm(by, primary);
  const { names } = form;
  const columns = names.map((name) => columnOf(repository, name));
  const parts = columns.map((column) => columnKey(column, hasWideIntegers(databaseType)));
  const perQuery = keysPerQuery(databaseType, names.length);
  const select = selection(repository, names, expose);
  return {
    form,
    find: async (keys, fields, where) => {
      const limits = where === undefined ? {} : { where: checkedWhere(where) };
      const options = { ...limits, ...(fields && { select: select(fields), loadEagerRelations: false }) };
      const wanted = distinct(keys, names, parts);
      const found: object[] = [];
      for (let start = 0; start < wanted.length; start += perQuery) {
        const query = repository.createQueryBuilder('row').setFindOptions(options);
        found.push(
          ...(await withKeys(query, wanted.slice(start, start + perQuery), names, by === undefined).getMany()),
        );
      }
      return found;
    },
  };
}

function columnOf({ metadata }: RepositoryLike<object>, name: string): ColumnLike {
  const column = metadata.columns.find(({ propertyPath }) => propertyPath === name);
  if (column) return column;
  const names = metadata.columns.map(({ propertyPath }) => propertyPath).join(', ');
  throw new BgTasksError('USAGE', `provide: "by" names "${name}", which is no column of ${metadata.name}: ${names}.`);
}

/** Each key once, as a list of its parts, without those that no row can have. */
function distinct(
  keys: readonly AnyKey[],
  names: readonly string[],
  parts: readonly ((key: Key) => Key | undefined)[],
): readonly (readonly Key[])[] {
  const found = new Map<string, readonly Key[]>();
  for (const key of keys) {
    const values = parts.map((part, i) => part((typeof key === 'object' ? key[names[i] as string] : key) as Key));
    if (!values.includes(undefined)) found.set(JSON.stringify(values.map(String)), values as Key[]);
  }
  return [...found.values()];
}

function withKeys<T>(
  query: KeyQuery<T>,
  keys: readonly (readonly Key[])[],
  names: readonly string[],
  isPrimary: boolean,
): KeyQuery<T> {
  if (names.length === 1) {
    const values = keys.map(([key]) => key);
    return isPrimary ? query.andWhereInIds(values) : query.andWhere(`row.${names[0]} IN (:...keys)`, { keys: values });
  }
  const parameters: Record<string, Key> = {};
  const conditions = keys.map((key, row) => {
    const equal = key.map((part, i) => {
      parameters[`key_${row}_${i}`] = part;
      return `row.${names[i]} = :key_${row}_${i}`;
    });
    return `(${equal.join(' AND ')})`;
  });
  return query.andWhere(`(${conditions.join(' OR ')})`, parameters);
}

/** TypeORM may leave out a condition without a value, and the caller would see everything. */
function checkedWhere(where: unknown): object {
  const sets = Array.isArray(where) ? where : [where];
  if (sets.length === 0) throw usage('gave an empty list, which limits nothing.');
  for (const set of sets) {
    if (typeof set !== 'object' || set === null) throw usage(`must give conditions by property, not ${preview(set)}.`);
    checkConditions(set, '');
  }
  return where as object;
}

function checkConditions(set: object, path: string): void {
  for (const [name, value] of Object.entries(set)) {
    if (value === undefined) throw usage(`says nothing about "${path}${name}": its value is undefined.`);
    if (value === null) throw usage(`says nothing about "${path}${name}": its value is null (write \`IsNull()\`).`);
    // Of a related or embedded object; operators such as `In()` are of a class.
    if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      checkConditions(value, `${path}${name}.`);
    }
  }
}

function usage(message: string): BgTasksError {
  return new BgTasksError('USAGE', `provide: "where" ${message}`);
}

interface Selection {
  [property: string]: true | Selection;
}

/** From names to what TypeORM selects; the key is always there. A column with `select: false` is as good as none. */
function selection({ metadata }: RepositoryLike<object>, names: readonly string[], expose: readonly string[]) {
  const columns = metadata.columns.filter(
    ({ isSelect, isVirtual, isPrimary, propertyPath }) =>
      isPrimary || (!isVirtual && (isSelect || expose.includes(propertyPath))),
  );
  const properties = new Set(columns.map(({ propertyPath }) => topOf(propertyPath)));
  return (fields: readonly string[]): Selection => {
    const unknown = fields.filter((field) => !properties.has(field));
    if (unknown.length > 0) {
      const message = `There is no ${preview(unknown).slice(1, -1)} to ask for. There is: ${[...properties].join(', ')}.`;
      throw new ValidationError({ fields: { message, code: 'unknown' } });
    }
    const wanted = new Set([...fields, ...names.map(topOf)]);
    const select: Selection = {};
    for (const { propertyPath, isPrimary } of columns) {
      if (isPrimary || wanted.has(topOf(propertyPath))) add(select, propertyPath.split('.'));
    }
    return select;
  };
}

function topOf(propertyPath: string): string {
  return propertyPath.split('.')[0] as string;
}

function add(select: Selection, [first = '', ...deeper]: readonly string[]): void {
  if (deeper.length === 0) {
    select[first] = true;
    return;
  }
  const inner = select[first];
  const below: Selection = typeof inner === 'object' ? inner : {};
  select[first] = below;
  add(below, deeper);
}
