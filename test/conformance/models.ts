/**
 * Models of the recorded cases as TypeORM entities.
 *
 * Shape:  `describeModels(models, driver)` gives a class and an `EntitySchema` for each, and hints: what a Django model
 *         says and a TypeORM column cannot (that a text is an e-mail address, choices of numbers, validators), in the
 *         form of `extraKwargs`, as a user of ours would say it.
 */
import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaRelationOptions } from 'typeorm';
import * as fields from '../../fields/index.js';
import { validatorOf } from './describe-validator.js';
import { type Decoders, decode } from './tags.js';

export type Options = Readonly<Record<string, unknown>>;

export interface ModelField {
  readonly type: string;
  readonly to?: string;
  readonly options?: Options;
}

export interface ModelDescription {
  readonly fields: Readonly<Record<string, ModelField>>;
  readonly str?: string;
  readonly methods?: Readonly<Record<string, Options>>;
  readonly properties?: Readonly<Record<string, Options>>;
  readonly unique_together?: readonly (readonly string[])[];
  readonly unique_constraints?: readonly (readonly string[])[];
  readonly extends?: string;
}

export type Models = Readonly<Record<string, ModelDescription>>;
export type EntityType = new () => object;

export interface DescribedModel {
  readonly name: string;
  readonly type: EntityType;
  readonly schema: EntitySchema;
  /** `extraKwargs` by property. */
  readonly hints: Readonly<Record<string, Options>>;
  /** Lists of related rows that Django counts among all fields. */
  readonly lists: readonly string[];
}

/** With `postgres`, integer columns have the bounds of their types. */
export function describeModels(models: Models, driver: 'sqljs' | 'postgres'): ReadonlyMap<string, DescribedModel> {
  const flat = Object.fromEntries(Object.entries(models).map(([name, model]) => [name, inherited(models, model)]));
  const types = Object.fromEntries(Object.entries(flat).map(([name, model]) => [name, classOf(name, model)]));
  const entries = Object.entries(flat).map(([name, model]) => {
    const type = types[name] as EntityType;
    const described: DescribedModel = {
      ...{ name, type, hints: hintsOf(model) },
      lists: Object.keys(model.fields).filter((field) => isTable(model.fields[field] as ModelField)),
      schema: new EntitySchema({
        ...{ name, target: type, columns: columnsOf(model, driver), relations: relationsOf(name, flat, types) },
        uniques: [...(model.unique_together ?? []), ...(model.unique_constraints ?? [])].map((columns) => ({
          columns: [...columns],
        })),
      }),
    };
    return [name, described] as const;
  });
  return new Map(entries);
}

/** TypeORM has no inheritance over two tables: the columns stand in one. */
function inherited(models: Models, model: ModelDescription): ModelDescription {
  const base = model.extends === undefined ? undefined : models[model.extends];
  return base ? { ...base, ...model, fields: { ...base.fields, ...model.fields } } : model;
}

/** A list of rows by a table of its own. Where that table is a model, its rows are what there is. */
function isTable({ type, options }: ModelField): boolean {
  return type === 'ManyToManyField' && options?.through === undefined;
}

function classOf(name: string, { str, methods = {}, properties = {} }: ModelDescription): EntityType {
  const type = { [name]: class {} }[name] as EntityType;
  const define = (key: string, descriptor: PropertyDescriptor) =>
    Object.defineProperty(type.prototype, key, { configurable: true, ...descriptor });
  if (str) {
    define('toString', {
      value(this: Record<string, unknown>) {
        return this[str];
      },
    });
  }
  for (const [key, { names, separator }] of Object.entries(methods)) {
    define(key, {
      value(this: Record<string, unknown>) {
        return (names as string[]).map((each) => this[each]).join(separator as string);
      },
    });
  }
  for (const [key, { name: attribute }] of Object.entries(properties)) {
    define(key, {
      get(this: Record<string, unknown>) {
        return this[attribute as string];
      },
    });
  }
  return type;
}

// ---------- columns

const TYPES: Readonly<Record<string, readonly [sqljs: string, postgres: string]>> = {
  CharField: ['varchar', 'varchar'],
  EmailField: ['varchar', 'varchar'],
  URLField: ['varchar', 'varchar'],
  SlugField: ['varchar', 'varchar'],
  GenericIPAddressField: ['varchar', 'varchar'],
  FileField: ['varchar', 'varchar'],
  TextField: ['text', 'text'],
  IntegerField: ['integer', 'integer'],
  PositiveIntegerField: ['integer', 'integer'],
  SmallIntegerField: ['smallint', 'smallint'],
  PositiveSmallIntegerField: ['smallint', 'smallint'],
  BigIntegerField: ['bigint', 'bigint'],
  PositiveBigIntegerField: ['bigint', 'bigint'],
  DurationField: ['bigint', 'bigint'],
  BooleanField: ['boolean', 'boolean'],
  DateField: ['date', 'date'],
  DateTimeField: ['datetime', 'timestamptz'],
  TimeField: ['time', 'time'],
  DecimalField: ['decimal', 'decimal'],
  FloatField: ['float', 'float'],
  UUIDField: ['uuid', 'uuid'],
  JSONField: ['simple-json', 'simple-json'],
  BinaryField: ['blob', 'bytea'],
};
const LENGTHS: Readonly<Record<string, number>> = { EmailField: 254, URLField: 200, SlugField: 50, FileField: 100 };

function columnsOf({ fields: all }: ModelDescription, driver: 'sqljs' | 'postgres') {
  const columns: Record<string, EntitySchemaColumnOptions> = {};
  const hasKey = Object.values(all).some(({ options }) => options?.primary_key);
  if (!hasKey) columns.id = { type: 'integer', primary: true, generated: true };
  for (const [name, field] of Object.entries(all)) {
    if (field.to === undefined) columns[name] = columnOf(field, driver);
    // A primary key is a column to TypeORM, also where it is a relation.
    else if (field.options?.primary_key) columns[`${name}_id`] = { type: 'integer', primary: true };
  }
  return columns;
}

function columnOf({ type, options = {} }: ModelField, driver: 'sqljs' | 'postgres'): EntitySchemaColumnOptions {
  const { max_length: length = LENGTHS[type], max_digits: digits, decimal_places: places, choices } = options;
  const native = (TYPES[type] as readonly [string, string])[driver === 'sqljs' ? 0 : 1];
  const isText = native === 'text' || native === 'varchar';
  const isGenerated = type === 'UUIDField' && options.primary_key === true;
  const hasTexts = Array.isArray(choices) && isText && !isGrouped(choices);
  const isFixed = (options.editable ?? type !== 'BinaryField') === false && !options.primary_key;
  return {
    type: (hasTexts ? 'simple-enum' : type === 'TextField' && length ? 'varchar' : native) as never,
    ...(hasTexts ? { enum: choices.map(([value]: [string]) => value) } : {}),
    ...(length !== undefined && isText && !hasTexts && { length: Number(length) }),
    ...(digits !== undefined && { precision: Number(digits), scale: Number(places) }),
    ...(options.null === true && { nullable: true }),
    ...(options.primary_key === true && { primary: true }),
    ...(isGenerated && { generated: 'uuid' as const }),
    ...(options.unique === true && { unique: true }),
    ...(options.auto_now_add === true && { createDate: true }),
    ...(options.auto_now === true && { updateDate: true }),
    ...(driver === 'postgres' && type.startsWith('Positive') && { unsigned: true }),
    ...(isFixed ? { insert: false, update: false } : {}),
    ...(typeof options.help_text === 'string' && { comment: options.help_text }),
    ...(isGenerated ? {} : defaultOf(type, options)),
  };
}

function isGrouped(choices: readonly unknown[]): boolean {
  return choices.some((choice) => Array.isArray((choice as readonly unknown[])[1]));
}

function defaultOf(
  type: string,
  { default: value, blank, null: isNull }: Options,
): Pick<EntitySchemaColumnOptions, 'default'> {
  const isText = ['CharField', 'EmailField', 'URLField', 'SlugField', 'TextField'].includes(type);
  if (value === undefined) return blank === true && isText && !isNull ? { default: '' } : {};
  const factory = (value as { $factory?: string }).$factory;
  if (factory !== undefined) return { default: () => (factory === 'now' ? 'CURRENT_DATE' : "'made'") };
  const native = decode(value);
  if (type === 'JSONField') return { default: JSON.stringify(typeof native === 'function' ? native() : native) };
  return { default: native as never };
}

// ---------- relations

function relationsOf(name: string, models: Models, types: Readonly<Record<string, EntityType>>) {
  const relations: Record<string, EntitySchemaRelationOptions> = {};
  for (const [field, { type, to, options = {} }] of Object.entries((models[name] as ModelDescription).fields)) {
    if (to === undefined || options.through !== undefined) continue;
    const back = options.related_name as string | undefined;
    const hasBack = back !== undefined && back !== '+';
    relations[field] = {
      target: (() => types[to === 'self' ? name : to]) as never,
      type: KINDS[type] as never,
      ...(hasBack && { inverseSide: back }),
      ...(type === 'ManyToManyField' ? { joinTable: true } : joinOf(field, options)),
      nullable: options.null === true,
    };
  }
  for (const [other, model] of Object.entries(models)) {
    for (const [field, { type, to, options = {} }] of Object.entries(model.fields)) {
      const back = options.related_name as string | undefined;
      const isHere = (to === 'self' ? other : to) === name;
      if (!isHere || back === undefined || back === '+' || options.through !== undefined) continue;
      relations[back] = { target: (() => types[other]) as never, type: BACK[type] as never, inverseSide: field };
    }
  }
  return relations;
}

const KINDS: Readonly<Record<string, string>> = {
  ForeignKey: 'many-to-one',
  OneToOneField: 'one-to-one',
  ManyToManyField: 'many-to-many',
};
const BACK: Readonly<Record<string, string>> = {
  ForeignKey: 'one-to-many',
  OneToOneField: 'one-to-one',
  ManyToManyField: 'many-to-many',
};

function joinOf(field: string, { to_field: key, default: value }: Options): object {
  void value;
  return { joinColumn: { name: `${field}_id`, ...(key !== undefined && { referencedColumnName: key as string }) } };
}

// ---------- hints

const CLASSES: Readonly<Record<string, string>> = {
  EmailField: 'EmailField',
  URLField: 'URLField',
  SlugField: 'SlugField',
  GenericIPAddressField: 'IPAddressField',
  DurationField: 'DurationField',
};

function hintsOf({ fields: all }: ModelDescription): Record<string, Options> {
  return Object.fromEntries(Object.entries(all).map(([name, field]) => [name, hintOf(name, field)]));
}

function hintOf(name: string, { type, to, options = {} }: ModelField): Options {
  const { choices, validators = [], verbose_name: label, editable, default: value } = options;
  const isBlank = options.blank === true;
  const isFixed = editable === false || options.auto_now === true || options.auto_now_add === true;
  if (isFixed) return editable === false && to !== undefined ? { readOnly: true } : {};
  const limits = Object.assign({}, ...(validators as { validator: string; limit?: number }[]).map(limitOf)) as Options;
  const others = (validators as { validator: string }[]).filter((each) => Object.keys(limitOf(each)).length === 0);
  const isNumbers = Array.isArray(choices) && !(TYPES[type]?.[0] === 'varchar' && !isGrouped(choices));
  const fieldClass = (fields as Record<string, unknown>)[CLASSES[type] ?? ''];
  return {
    ...(fieldClass !== undefined && choices === undefined && { fieldClass }),
    ...(type === 'SlugField' && options.allow_unicode === true && { allowUnicode: true }),
    ...(type === 'GenericIPAddressField' && options.protocol === 'IPv4' && { protocol: 'ipv4' }),
    ...(isNumbers && { choices: decode(choices) }),
    ...(isBlank && options.null === true && to === undefined && isText(type) && { allowBlank: true }),
    ...(to !== undefined && value !== undefined && { required: false }),
    ...(typeof label === 'string' && { label: `${label[0]?.toUpperCase()}${label.slice(1)}` }),
    ...(to !== undefined && typeof options.help_text === 'string' && { helpText: options.help_text }),
    ...limits,
    ...(others.length > 0 && { validators: others.map((each) => validatorOf(each, name, {} as Decoders)) }),
  };
}

function isText(type: string): boolean {
  return type === 'CharField' || type === 'TextField';
}

function limitOf({ validator, limit }: { validator: string; limit?: number }): Options {
  const name = LIMITS[validator];
  return name === undefined ? {} : { [name]: limit };
}

const LIMITS: Readonly<Record<string, string>> = {
  django_min_value: 'minValue',
  django_max_value: 'maxValue',
  django_min_length: 'minLength',
  django_max_length: 'maxLength',
};
