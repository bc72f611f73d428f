/** Model serializers of the recorded cases as classes of ours. */
import type { FieldOptions } from '../../fields/index.js';
import {
  ModelSerializer,
  nested,
  PrimaryKeyRelatedField,
  SlugRelatedField,
  StringRelatedField,
  uniqueForDateValidator,
  uniqueForMonthValidator,
  uniqueForYearValidator,
  uniqueTogetherValidator,
  uniqueValidator,
} from '../../serializers/index.js';
import { type Builders, camelCase, type FieldDescription, optionsOf } from './describe-field.js';
import {
  fieldsOf,
  type HookedDescription,
  hooksOf,
  type SerializerType,
  withListHooks,
} from './describe-serializer.js';
import type { DescribedModel, Models } from './models.js';

export interface ModelSerializerDescription extends HookedDescription {
  readonly model: string;
  readonly fields?: readonly string[] | '__all__';
  readonly exclude?: readonly string[];
  readonly read_only_fields?: readonly string[];
  readonly extra_kwargs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly depth?: number;
  readonly declared?: Readonly<Record<string, FieldDescription>>;
}

/** Where the models live. */
export interface Catalogue {
  readonly descriptions: Models;
  readonly dataSource: { getRepository(target: unknown): unknown };
  model(name: string): DescribedModel;
}

export function modelSerializerOf(description: ModelSerializerDescription, catalogue: Catalogue): SerializerType {
  const { model: name, exclude, read_only_fields: readOnlyFields, depth, declared = {} } = description;
  const { type, hints, lists } = catalogue.model(name);
  const builders = buildersOf(catalogue);
  const given = description.extra_kwargs ?? {};
  const names = new Set([...Object.keys(hints), ...Object.keys(given)]);
  const extraKwargs = [...names].map((each) => [
    each,
    kwargsOf(hints[columnOf(given, each)] ?? {}, given[each] ?? {}, builders, each),
  ]);
  const fields = fieldsWithLists(description, catalogue);
  const made = ModelSerializer(type, {
    ...(fields !== undefined && { fields }),
    ...(exclude && { exclude: exclude.filter((each) => !lists.includes(each)) }),
    ...(readOnlyFields && { readOnlyFields }),
    ...(depth !== undefined && { depth }),
    declared: fieldsOf(declared, description, builders),
    extraKwargs: Object.fromEntries(extraKwargs),
    dataSource: catalogue.dataSource,
    ...hooksOf(description, builders),
    ...(description.validators === undefined && validatorsForDates(description, catalogue)),
  } as never) as unknown as SerializerType;
  return withListHooks(made, description);
}

/** A field with a source of its own is made from the column there. */
function columnOf(given: Readonly<Record<string, Readonly<Record<string, unknown>>>>, name: string): string {
  return (given[name]?.source as string | undefined) ?? name;
}

/** What a Django model says of a field gives way to what the serializer says, as it does there. */
function kwargsOf(
  hint: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  builders: Builders,
  name: string,
): Record<string, unknown> {
  const { label, helpText, choices, fieldClass } = hint;
  const shown = Object.entries({ label, helpText, choices, fieldClass }).filter(([, value]) => value !== undefined);
  const kept = given.read_only === true ? Object.fromEntries(shown) : hint;
  return { ...kept, ...optionsOf(given, builders, name) };
}

/** Lists of rows are asked for by name here; Django has them among all fields, and a key that is a relation once. */
function fieldsWithLists({ fields, model, declared = {} }: ModelSerializerDescription, catalogue: Catalogue): unknown {
  const { lists } = catalogue.model(model);
  const described = catalogue.descriptions[model]?.fields ?? {};
  const isKeyed = Object.values(described).some(({ to, options }) => to !== undefined && options?.primary_key === true);
  if (fields !== '__all__' || (lists.length === 0 && !isKeyed)) return fields;
  const own = Object.keys(described).filter((name) => described[name]?.options?.through === undefined);
  return [...new Set([...(isKeyed ? [] : ['id']), ...own, ...Object.keys(declared)])];
}

const FOR_DATES = [
  ['unique_for_date', uniqueForDateValidator],
  ['unique_for_month', uniqueForMonthValidator],
  ['unique_for_year', uniqueForYearValidator],
] as const;

/** No column of TypeORM says that it is unique for a date: the serializer does. */
function validatorsForDates({ model }: ModelSerializerDescription, catalogue: Catalogue): object {
  const fields = Object.entries(catalogue.descriptions[model]?.fields ?? {});
  const queryset = catalogue.model(model).type;
  const validators = fields.flatMap(([field, { options = {} }]) =>
    FOR_DATES.flatMap(([option, make]) => {
      const dateField = options[option];
      return typeof dateField === 'string' ? [make({ queryset, field, dateField })] : [];
    }),
  );
  return validators.length > 0 ? { serializerValidators: validators } : {};
}

function buildersOf(catalogue: Catalogue): Builders {
  const builders: Builders = {
    modelSerializer: ({ model_serializer: inner, options = {} }) =>
      nested(modelSerializerOf(inner as ModelSerializerDescription, catalogue), optionsOf(options)) as never,
    field: (description) => relatedOf(description, catalogue),
    validator: ({ validator, model, fields, lookup, message }) => {
      const queryset = model === undefined ? undefined : catalogue.model(String(model)).type;
      const text = message === undefined ? {} : { message: String(message) };
      if (validator === 'unique' && queryset)
        return uniqueValidator({ queryset, ...text, ...(lookup !== undefined && { lookup: lookup as 'iexact' }) });
      if (validator === 'unique_together' && queryset)
        return uniqueTogetherValidator({ queryset, ...text, fields: fields as string[] });
      return undefined;
    },
  };
  return builders;
}

function relatedOf({ field, options = {} }: FieldDescription, catalogue: Catalogue) {
  if (!field?.endsWith('RelatedField')) return undefined;
  const { queryset, pk_field: _pkField, ...rest } = options;
  const own = Object.fromEntries(Object.entries(optionsOf(rest)).map(([key, value]) => [camelCase(key), value]));
  const rows = queryset === undefined ? {} : { queryset: catalogue.model(String(queryset)).type };
  const all = { ...own, ...rows } as FieldOptions & { slugField: never };
  if (field === 'PrimaryKeyRelatedField') return new PrimaryKeyRelatedField(all) as never;
  if (field === 'SlugRelatedField') return new SlugRelatedField(all) as never;
  if (field === 'StringRelatedField') return new StringRelatedField(all) as never;
  return undefined;
}
