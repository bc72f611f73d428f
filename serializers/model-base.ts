/**
 * How a model serializer stores: the methods that its class inherits.
 *
 * Errors: `USAGE` for nested values whose relation does not cascade, before anything is stored.
 */
import { usage } from '../fields/field.js';
import { RemoteSlot } from '../fields/remote.js';
import type { AnyField, FieldOptions } from '../fields/types.js';
import { type KeyId, keyId } from '../lib/remote/key-id.js';
import { BaseSerializer } from './base-serializer.js';
import { compiled } from './compile.js';
import { DEFINITION, type Definition } from './definition.js';
import { isNested } from './nested.js';
import { type ModelInfo, modelInfo } from './typeorm/model-info.js';
import { createRows, updateRow } from './typeorm/store.js';

export interface ModelDefinition extends Definition {
  /** Throws where the data source is not known or not ready. */
  model(): ModelInfo;
}

export abstract class ModelBase extends BaseSerializer<object, unknown, object> {
  override async create(attrs: object): Promise<object> {
    const [row] = await createRows(this.#modelFor([attrs], 'insert'), [attrs]);
    return row as object;
  }

  /** All in one transaction, unless `create` is overridden: then one after the other. */
  override async createMany(list: readonly object[]): Promise<object[]> {
    if (this.create !== ModelBase.prototype.create) return super.createMany(list);
    if (list.length === 0) return [];
    return createRows(this.#modelFor(list, 'insert'), list);
  }

  override async update(row: object, attrs: object): Promise<object> {
    const model = this.#modelFor([attrs], 'update');
    return updateRow(model, row, this.#withKeptRows(row as Values, attrs as Values));
  }

  /** Rows of a relation that hold remote keys: one whose key is written again stays. */
  #withKeptRows(row: Values, attrs: Values): Values {
    const all = { ...attrs };
    for (const [name, field] of Object.entries(compiled(this.#definition).fields)) {
      const { source = name } = field.options as FieldOptions;
      if (!isRelationSource(field) || !Object.hasOwn(attrs, source)) continue;
      all[source] = keptRows(row[source], attrs[source] as readonly Values[], field);
    }
    return all;
  }

  #modelFor(list: readonly object[], cascade: Cascade): ModelInfo {
    const model = this.#definition.model();
    const name = unstored(this.#definition, model, list, cascade);
    if (name === undefined) return model;
    throw usage(
      `${this.constructor.name}: "${name}" is nested. Give the relation \`cascade: true\`, or override create() and update() to say how it is stored, or make it readOnly.`,
    );
  }

  get #definition(): ModelDefinition {
    return (this.constructor as unknown as { [DEFINITION]: ModelDefinition })[DEFINITION];
  }
}

type Values = Record<string, unknown>;
type Cascade = 'insert' | 'update';

/** There is no one way to store what is nested, unless the relation says that it is stored along: the first that does not. */
function unstored(
  definition: Definition,
  model: ModelInfo,
  list: readonly object[],
  cascade: Cascade,
): string | undefined {
  for (const [name, field] of Object.entries(compiled(definition).fields)) {
    const { source = name, readOnly } = field.options as FieldOptions;
    const [first = name, ...deeper] = source.split('.');
    const isObject = isNested(field) || deeper.length > 0 || isRelationSource(field);
    const written = isObject && !readOnly ? list.filter((attrs) => isGiven(attrs, first)) : [];
    if (written.length === 0 || model.embeddeds.some((embedded) => embedded.name === first)) continue;
    const relation = model.relations.find((each) => each.name === first);
    if (!relation?.cascades.insert || !relation.cascades[cascade]) return name;
    if (!isNested(field) || deeper.length > 0) continue;
    const { [DEFINITION]: type } = field.serializer as unknown as { [DEFINITION]: Definition };
    const below = written.flatMap((attrs) => (attrs as Record<string, object | object[] | null>)[first] ?? []);
    const given = below.filter((value) => value.constructor === Object); // no rows, which are there already
    const found = unstored(type, modelInfo(relation.target, model.dataSource), given, cascade);
    if (found !== undefined) return `${name}.${found}`;
  }
  return undefined;
}

/** Null needs nobody who stores it: the row refers to nothing then. */
function isGiven(attrs: object, name: string): boolean {
  return Object.hasOwn(attrs, name) && (attrs as Values)[name] !== null;
}

function isRelationSource(field: AnyField): field is RemoteSlot {
  return field instanceof RemoteSlot && field.options.remoteField !== undefined;
}

/** The written rows, each with what is stored already where one of its key is. */
function keptRows(stored: unknown, written: readonly Values[], { keys, options }: RemoteSlot): readonly Values[] {
  const idOf = (row: Values): KeyId => {
    const key = keys.of(row[options.remoteField as string]);
    return key === undefined ? '' : keyId(key);
  };
  const left = new Map<KeyId, Values[]>();
  for (const row of Array.isArray(stored) ? (stored as Values[]) : []) {
    const id = idOf(row);
    const same = left.get(id);
    if (same) same.push(row);
    else left.set(id, [row]);
  }
  return written.map((row) => left.get(idOf(row))?.shift() ?? row);
}
