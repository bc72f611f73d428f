import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { DataSource } from 'typeorm';
import { compiled } from '../../serializers/compile.js';
import { DEFINITION, type Definition } from '../../serializers/definition.js';
import { comparable, comparableErrors, recorded, recordedErrors } from './compare.js';
import { recordedWords, wordsOf } from './describe-model-field.js';
import { type Catalogue, type ModelSerializerDescription, modelSerializerOf } from './describe-model-serializer.js';
import { differenceFor } from './differences.js';
import { ModelDatabase, type Rows } from './model-database.js';
import { MODEL_DIFFERENCES } from './model-differences.js';
import { describeModels, type Models } from './models.js';
import { type Result, runSerializer, type SerializerCase } from './run-serializer.js';
import { decode, tagOf } from './tags.js';

/** A case of `modelserializer.json`. */
export interface RecordedModelCase extends SerializerCase {
  readonly id: string;
  readonly serializer: ModelSerializerDescription;
  readonly integer_ranges?: boolean;
  readonly input?: unknown;
  readonly instance?: unknown;
  readonly note?: string;
  readonly marks?: readonly string[];
  readonly data?: unknown;
  readonly validators?: readonly object[];
  /** Exactly one of these. */
  readonly output?: unknown;
  readonly errors?: unknown;
  readonly raises?: unknown;
  readonly fields?: Readonly<Record<string, Record<string, unknown>>>;
}

interface File {
  readonly models: Models;
  readonly rows: Rows;
  readonly cases: readonly RecordedModelCase[];
}

const { models, rows, cases } = JSON.parse(
  readFileSync(new URL('../../../test/conformance/data/modelserializer.json', import.meta.url), 'utf8'),
) as File;

describe('model serializers, as recorded from Django REST framework', function () {
  this.timeout(20_000);
  let database: ModelDatabase;
  let bounded: Catalogue;

  before(async () => {
    database = await ModelDatabase.open(models, rows);
    bounded = await withBounds();
  });

  after(() => database.dataSource.destroy());

  for (const each of cases) {
    const difference = differenceFor(MODEL_DIFFERENCES, each);
    it(`${titleOf(each)}${difference ? `, but ${difference.rule}` : ''}`, async () => {
      const catalogue = each.integer_ranges ? bounded : { ...catalogueOf(database) };
      const result = await resultOf(each, database, catalogue);
      check(result, difference ? difference.ours(each) : each, database);
      if (difference) expect(() => check(result, each, database), 'is no difference').to.throw();
    });
  }

  for (const { rule, applies } of MODEL_DIFFERENCES) {
    it(`differ somewhere: ${rule}`, () => expect(cases.some(applies)).to.equal(true));
  }
});

function catalogueOf(database: ModelDatabase): Catalogue {
  return { descriptions: models, dataSource: database.dataSource, model: (name) => database.model(name) };
}

/** The same models as PostgreSQL has them. Their columns are all that is asked for, so no server is needed. */
async function withBounds(): Promise<Catalogue> {
  const described = describeModels(models, 'postgres');
  const entities = [...described.values()].map(({ schema }) => schema);
  const dataSource = new DataSource({ type: 'postgres', entities });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  Object.assign(dataSource, { isInitialized: true });
  return { descriptions: models, dataSource, model: (name) => described.get(name) as never };
}

function titleOf({ id, op, serializer, input, note }: RecordedModelCase): string {
  const { name, model: _model, ...rest } = serializer;
  const about = `${id} ${op} ${name} ${JSON.stringify(rest)} ${JSON.stringify(input) ?? ''}`;
  return `${about.length > 140 ? `${about.slice(0, 140)}...` : about}${note ? ` (${note})` : ''}`;
}

interface ModelResult extends Result {
  readonly fields?: object;
  readonly validators?: number;
}

async function resultOf(each: RecordedModelCase, database: ModelDatabase, catalogue: Catalogue): Promise<ModelResult> {
  const { op, serializer, many, instance } = each;
  const { model, depth } = serializer;
  try {
    const type = modelSerializerOf(serializer, catalogue);
    const { fields, validators } = compiled((type as unknown as { [DEFINITION]: Definition })[DEFINITION]);
    if (op === 'fields') {
      const words = Object.entries(fields).map(([name, field]) => [name, wordsOf(field)]);
      return { fields: Object.fromEntries(words), validators: validators.length };
    }
    const writes = op === 'create' || op === 'update';
    await database.reset();
    const load = (key: unknown) => database.load(model, key, depth);
    const shown = op !== 'represent' ? undefined : many ? (each.input as unknown[]).map(load) : load(each.input);
    const result = await runSerializer(
      type,
      { ...each, context: {} },
      {
        input: shown === undefined ? decode(each.input) : await (Array.isArray(shown) ? Promise.all(shown) : shown),
        instance: instance === undefined ? undefined : await load(instance),
      },
    );
    if (!writes || result.output === undefined) return result;
    const saved = result.output as object | object[];
    const output = Array.isArray(saved)
      ? await Promise.all(saved.map((row) => database.stored(model, row)))
      : await database.stored(model, saved);
    return { ...result, output };
  } catch (error) {
    return { raises: error };
  }
}

/** Throws unless the result is what the case says. */
function check(result: ModelResult, each: RecordedModelCase, database: ModelDatabase): void {
  const { errors, raises, output, data, fields, validators = [] } = each;
  if (raises !== undefined) {
    // Where the framework crashes, we may throw or refuse, but nothing may come out.
    expect(result.output ?? result.fields, 'a value').to.equal(undefined);
    return;
  }
  if (result.raises !== undefined) throw result.raises;
  if (fields !== undefined) {
    const words = Object.entries(fields).map(([name, field]) => [name, recordedWords(field)]);
    expect(result.fields).to.deep.equal(Object.fromEntries(words));
    expect(result.validators, 'validators of the whole').to.equal(validators.length);
    return;
  }
  expect(result.errors && comparableErrors(result.errors), 'errors').to.deep.equal(
    errors === undefined ? undefined : recordedErrors(errors, true),
  );
  if (errors !== undefined) return;
  const like = named(output);
  expect(comparable(instancesNamed(result.output, database), like)).to.deep.equal(recorded(like));
  if (data !== undefined) expect(comparable(result.data, data), 'data').to.deep.equal(recorded(data));
}

/** `{ $instance: [model, key] }` as a text, as `instancesNamed` has it. */
function named(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(named);
  if (tagOf(value) === '$instance') {
    const [model, key] = (value as { $instance: [string, unknown] }).$instance;
    return `${model} ${decode(key)}`;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item)]));
}

function instancesNamed(value: unknown, database: ModelDatabase): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((item) => instancesNamed(item, database));
  if (value.constructor !== Object && database.dataSource.hasMetadata(value.constructor)) {
    const [key] = Object.values(database.dataSource.getMetadata(value.constructor).getEntityIdMap(value) as object);
    return `${value.constructor.name} ${key}`;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, instancesNamed(item, database)]));
}
