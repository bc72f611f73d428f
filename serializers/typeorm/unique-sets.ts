/**
 * What follows for a serializer from properties that are unique, alone or together.
 *
 * Errors: `USAGE` where two fields write one property of a set, so that nobody knows which of them is checked.
 */
import { usage } from '../../fields/field.js';
import type { RepositoryLike } from '../../fields/related-source.js';
import type { AnyField, FieldOptions, Validator } from '../../fields/types.js';
import type { ColumnInfo } from './column-info.js';
import { type ModelInfo, words } from './model-info.js';
import { uniqueTogetherValidator, uniqueValidator } from './unique.js';

/** For the field of a property that is unique by itself; one of an embedded object is named by its path. */
export function uniqueOptions(model: ModelInfo, property: string): FieldOptions {
  if (!model.uniques.some((set) => set.length === 1 && set[0] === property)) return {};
  const message = `${model.label} with this ${words(property.split('.').at(-1) as string)} already exists.`;
  return { validators: [uniqueValidator({ queryset: querysetOf(model), property, message })] };
}

/** The columns of sets that the serializer has all fields of, by name. */
export function columnsTogether(model: ModelInfo, names: readonly string[]): ReadonlySet<string> {
  return new Set(
    together(model)
      .filter((set) => set.every((name) => names.includes(name)))
      .flat(),
  );
}

/** One validator for each set whose properties all have a field that writes them, or a default. */
export function togetherValidators(
  model: ModelInfo,
  kind: string,
  fields: Readonly<Record<string, AnyField>>,
): Validator[] {
  const bySource = new Map<string, string[]>();
  for (const [name, { options }] of Object.entries(fields)) {
    const { readOnly, source = name, default: value } = options as FieldOptions;
    if (readOnly && value === undefined) continue;
    if (source !== '*' && !source.includes('.')) bySource.set(source, [...(bySource.get(source) ?? []), name]);
  }
  return together(model)
    .filter((set) => set.every((property) => bySource.has(property)))
    .filter((set) => set.every((property) => isKnown(model.columns.find(({ name }) => name === property))))
    .map((set) => {
      const names = set.map((property) => [only(kind, property, bySource.get(property) ?? []), property] as const);
      return uniqueTogetherValidator({ queryset: querysetOf(model), fields: Object.fromEntries(names) });
    });
}

function together({ uniques }: ModelInfo): readonly (readonly string[])[] {
  return uniques.filter((set) => set.length > 1);
}

/** A default that only the database can work out leaves nothing to check. */
function isKnown(column: ColumnInfo | undefined): boolean {
  if (!column?.hasDefault || column.writesDate) return true;
  return column.literalDefault !== undefined;
}

function only(kind: string, property: string, names: readonly string[]): string {
  if (names.length === 1) return names[0] as string;
  throw usage(
    `${kind}: "${property}" is unique together with others, and ${names.join(' and ')} both write it. Leave one out, or give "serializerValidators" yourself.`,
  );
}

function querysetOf(model: ModelInfo): () => RepositoryLike {
  return () => model.dataSource.getRepository(model.entity) as unknown as RepositoryLike;
}
