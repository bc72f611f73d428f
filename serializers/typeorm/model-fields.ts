/**
 * The fields of a model serializer: which names, and the field that each becomes.
 *
 * `'__all__'` is every column, embedded object and to-one relation of the entity, and every declared field. Left out are
 * columns with `select: false`, which are not loaded unless asked for, and lists of related objects, which are named.
 * Errors: `USAGE` for names that cannot be fields.
 */
import { usage } from '../../fields/field.js';
import { ReadOnlyField } from '../../fields/read-only.js';
import type { AnyField } from '../../fields/types.js';
import { NestedField } from '../nested.js';
import type { AnySerializer, ClassOf } from '../types.js';
import { columnField, type ExtraKwargs, merged, requirements, uniquenessOptions } from './column-field.js';
import type { EmbeddedInfo, EntityClass, ModelInfo } from './model-info.js';
import { depthField, relationField } from './relation-fields.js';
import type { RelationInfo } from './relation-info.js';
import { columnsTogether, uniqueOptions } from './unique-sets.js';

export interface FieldNames {
  readonly fields: readonly PropertyKey[] | '__all__';
  readonly exclude: readonly PropertyKey[];
  readonly declared: Readonly<Record<string, AnyField>>;
  readonly readOnlyFields: readonly PropertyKey[];
  readonly extraKwargs: Readonly<Record<string, ExtraKwargs | undefined>>;
  /** How many relations deep objects are shown in place of keys. */
  readonly depth: number;
  /** Whether values that are unique together are checked. */
  readonly checksTogether: boolean;
}

/** Makes the classes of serializers below: of a related entity, and of an embedded object. */
export interface NestedTypes {
  ofEntity(entity: EntityClass, depth: number): ClassOf<AnySerializer>;
  ofFields(kind: string, fields: Readonly<Record<string, AnyField>>): ClassOf<AnySerializer>;
}

export function modelFields(model: ModelInfo, wanted: FieldNames, types: NestedTypes): Record<string, AnyField> {
  const { declared, readOnlyFields, extraKwargs } = wanted;
  const names = namesOf(model, wanted);
  const inSet = wanted.checksTogether ? columnsTogether(model, names) : new Set<string>();
  const fields: Record<string, AnyField> = Object.create(null);
  for (const name of names) {
    const isReadOnly = readOnlyFields.includes(name);
    const extra = { ...extraKwargs[name], ...(isReadOnly && { readOnly: true }) };
    const own = Object.hasOwn(declared, name) ? declared[name] : undefined;
    const { source } = extra;
    const property = source === undefined || source === '*' ? name : source;
    fields[name] = own ?? propertyField(model, property, extra, wanted, inSet.has(name), types);
  }
  return fields;
}

function namesOf(model: ModelInfo, { fields, exclude, declared }: FieldNames): readonly string[] {
  if (fields !== '__all__') return fields.map(String);
  const columns = model.columns.filter(({ isSelected }) => isSelected);
  const toOne = model.relations.filter(({ isOwn, isMany }) => isOwn && !isMany);
  const all = [...columns, ...model.embeddeds, ...toOne].map(({ name }) => name);
  const names = [...new Set([...all, ...Object.keys(declared)])];
  const unknown = exclude.find((name) => !names.includes(String(name)));
  if (unknown !== undefined) throw usage(`${kindOf(model)}: "exclude" names "${String(unknown)}", which is no field.`);
  return names.filter((name) => !exclude.includes(name));
}

function propertyField(
  model: ModelInfo,
  name: string,
  extra: ExtraKwargs,
  { depth }: FieldNames,
  isInSet: boolean,
  types: NestedTypes,
): AnyField {
  const named = <T extends { name: string }>(list: readonly T[]) => list.find((each) => each.name === name);
  const column = named(model.columns);
  if (column) {
    const required = isInSet ? withUniqueness(requirements(column), uniquenessOptions(column)) : requirements(column);
    return columnField(column, { ...required, ...(!required.readOnly && uniqueOptions(model, name)) }, extra);
  }
  const relation = named(model.relations);
  if (relation) return fieldOfRelation(model, relation, extra, depth, isInSet, types);
  const embedded = named(model.embeddeds);
  if (embedded) return embeddedField(model, embedded, extra, types);
  const reason = model.unsupported.get(name);
  if (reason) throw usage(`${kindOf(model)}: "${name}" ${reason}; declare a field for it, such as nested(...).`);
  // A getter or method of the entity: there is nothing to write.
  if (name in (model.entity.prototype ?? {}) && !(name in Object.prototype)) return new ReadOnlyField();
  throw usage(`${kindOf(model)}: "${name}" is no column, relation or getter, and is not in "declared".`);
}

/** A default makes a value known as well as sending it does. */
function withUniqueness(options: ReturnType<typeof requirements>, uniqueness: ReturnType<typeof uniquenessOptions>) {
  const { required: _required, ...rest } = options;
  return uniqueness.default === undefined && !uniqueness.required ? options : { ...rest, ...uniqueness };
}

function fieldOfRelation(
  model: ModelInfo,
  relation: RelationInfo,
  extra: ExtraKwargs,
  depth: number,
  isInSet: boolean,
  types: NestedTypes,
): AnyField {
  if (depth > 0) {
    const { label, helpText } = extra;
    const texts = { ...(label !== undefined && { label }), ...(helpText !== undefined && { helpText }) };
    return depthField(relation, model, () => types.ofEntity(relation.target, depth - 1), texts);
  }
  const { isNullable, isMany, isOwn, hasDefault, name } = relation;
  const isOptional = isMany || !isOwn || isNullable || hasDefault;
  const options = {
    ...(isNullable && !isMany && { allowNull: true }),
    ...(isOptional && !isInSet && { required: false }),
    ...uniqueOptions(model, name),
  };
  return relationField(relation, model, merged(options, extra));
}

/** An object of its own, whose columns stand in the table of the entity; `path` is where its properties are. */
function embeddedField(
  model: ModelInfo,
  embedded: EmbeddedInfo,
  extra: ExtraKwargs,
  types: NestedTypes,
  path = `${embedded.name}.`,
): AnyField {
  const fields = embeddedFields(model, embedded, types, path);
  const isOptional = Object.values(fields).every(({ options }) => isLeftOut(options));
  const type = types.ofFields(`${kindOf(model)}.${embedded.name}`, fields);
  return new NestedField(type, merged(isOptional ? { required: false } : {}, extra));
}

function embeddedFields(model: ModelInfo, { columns, embeddeds }: EmbeddedInfo, types: NestedTypes, path: string) {
  const fields: Record<string, AnyField> = Object.create(null);
  for (const column of columns) {
    if (!column.isSelected) continue;
    const options = requirements(column);
    const unique = options.readOnly ? {} : uniqueOptions(model, `${path}${column.name}`);
    fields[column.name] = columnField(column, { ...options, ...unique }, {});
  }
  for (const embedded of embeddeds) {
    fields[embedded.name] = embeddedField(model, embedded, {}, types, `${path}${embedded.name}.`);
  }
  return fields;
}

function isLeftOut(options: unknown): boolean {
  const { required, readOnly } = options as { required?: boolean; readOnly?: boolean };
  return required === false || readOnly === true;
}

function kindOf({ entity }: ModelInfo): string {
  return `ModelSerializer(${entity.name})`;
}
