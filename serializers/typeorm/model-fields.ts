/**
 * The fields of a model serializer: which names, and the field that a column becomes.
 *
 * `'__all__'` is every column and to-one relation of the entity, and every declared field. Left out are columns with
 * `select: false`, which are not loaded unless asked for, and to-many relations and embedded entities.
 */
import { BooleanField } from '../../fields/boolean.js';
import { CharField } from '../../fields/char.js';
import { ChoiceField } from '../../fields/choice.js';
import { DateTimeField } from '../../fields/date-time.js';
import { usage } from '../../fields/field.js';
import { FloatField } from '../../fields/float.js';
import { IntegerField } from '../../fields/integer.js';
import { JSONField } from '../../fields/json.js';
import { ListField } from '../../fields/list.js';
import { ModelField } from '../../fields/model.js';
import { ReadOnlyField } from '../../fields/read-only.js';
import type { AnyField, FieldOptions } from '../../fields/types.js';
import type { ColumnInfo, EntityClass, ModelInfo } from './model-info.js';
import { ToOneField } from './to-one.js';

export interface FieldNames {
  readonly fields: readonly PropertyKey[] | '__all__';
  readonly exclude: readonly PropertyKey[];
  readonly declared: Readonly<Record<string, AnyField>>;
  readonly readOnlyFields: readonly PropertyKey[];
  readonly extraKwargs: Readonly<Record<string, FieldOptions | undefined>>;
}

export function modelFields(entity: EntityClass, info: ModelInfo, wanted: FieldNames): Record<string, AnyField> {
  const { declared, readOnlyFields, extraKwargs } = wanted;
  const fields: Record<string, AnyField> = Object.create(null);
  for (const name of namesOf(entity, info, wanted)) {
    const isReadOnly = readOnlyFields.includes(name);
    const extra = { ...extraKwargs[name], ...(isReadOnly && { readOnly: true }) };
    fields[name] = (Object.hasOwn(declared, name) && declared[name]) || columnField(entity, info, name, extra);
  }
  return fields;
}

function namesOf(entity: EntityClass, info: ModelInfo, { fields, exclude, declared }: FieldNames): readonly string[] {
  if (fields !== '__all__') return fields.map(String);
  const selected = info.columns.filter(({ isSelected }) => isSelected);
  const all = [...selected, ...info.relations].map(({ name }) => name);
  const names = [...new Set([...all, ...Object.keys(declared)])];
  const unknown = exclude.find((name) => !names.includes(String(name)));
  if (unknown !== undefined)
    throw usage(`ModelSerializer(${entity.name}): "exclude" names "${String(unknown)}", which is no field.`);
  return names.filter((name) => !exclude.includes(name));
}

function columnField(entity: EntityClass, info: ModelInfo, name: string, extra: FieldOptions): AnyField {
  const column = info.columns.find((each) => each.name === name);
  if (column) return fieldOfColumn(column, merged(derived(column), extra));
  const relation = info.relations.find((each) => each.name === name);
  if (relation) {
    const options = relation.isNullable ? { allowNull: true, required: false } : {};
    return new ToOneField(relation, entity, merged(options, extra));
  }
  const reason = info.unsupported.get(name);
  if (reason)
    throw usage(`ModelSerializer(${entity.name}): "${name}" ${reason}; declare a field for it, such as nested(...).`);
  // A getter of the entity: there is nothing to write.
  if (name in entity.prototype) return new ReadOnlyField();
  throw usage(`ModelSerializer(${entity.name}): "${name}" is no column, relation or getter, and is not in "declared".`);
}

/** What follows from the column; a value that need not be sent is left to the database. */
function derived({
  isAutomatic,
  isNullable,
  hasDefault,
  maxLength,
}: ColumnInfo): FieldOptions & { maxLength?: number } {
  if (isAutomatic) return { readOnly: true };
  return {
    ...(isNullable && { allowNull: true }),
    ...((isNullable || hasDefault) && { required: false }),
    ...(maxLength !== undefined && { maxLength }),
  };
}

/** The user's options win; what they contradict goes. */
function merged(options: FieldOptions, extra: FieldOptions): FieldOptions {
  const { required, readOnly, ...rest } = options;
  const all: FieldOptions = { ...rest, ...extra };
  const isReadOnly = extra.readOnly ?? (readOnly && !extra.writeOnly && !extra.required);
  if (isReadOnly) return { ...all, readOnly: true };
  const isRequiredSet = extra.required !== undefined || extra.default !== undefined || required === undefined;
  return isRequiredSet ? all : { ...all, required };
}

function fieldOfColumn(column: ColumnInfo, options: FieldOptions): AnyField {
  if (!column.isList) return scalarField(column, options);
  return new ListField({ ...options, child: scalarField(column, {}) });
}

function scalarField({ kind, choices = [] }: ColumnInfo, options: FieldOptions): AnyField {
  const { maxLength: _maxLength, ...withoutLength } = options as { maxLength?: number };
  switch (kind) {
    case 'boolean':
      return new BooleanField(withoutLength);
    case 'integer':
      return new IntegerField(withoutLength);
    case 'float':
      return new FloatField(withoutLength);
    case 'datetime':
      return new DateTimeField(withoutLength);
    case 'json':
      return new JSONField(withoutLength);
    case 'enum':
      return new ChoiceField({ ...withoutLength, choices });
    case 'texts':
      return new ListField({ ...withoutLength, child: new CharField() });
    case 'text':
      return new CharField(options);
    default:
      return new ModelField(options);
  }
}
