/**
 * How a model serializer stores: the methods that its class inherits.
 *
 * Errors: `USAGE` for nested values whose relation does not cascade, before anything is stored.
 */
import { usage } from '../fields/field.js';
import type { FieldOptions } from '../fields/types.js';
import { BaseSerializer } from './base-serializer.js';
import { compiled } from './compile.js';
import { DEFINITION, type Definition } from './definition.js';
import { isNested } from './nested.js';
import type { ModelInfo } from './typeorm/model-info.js';
import { createRows, updateRow } from './typeorm/store.js';

export interface ModelDefinition extends Definition {
  /** Throws where the data source is not known or not ready. */
  model(): ModelInfo;
}

export abstract class ModelBase extends BaseSerializer<object, unknown, object> {
  override async create(attrs: object): Promise<object> {
    const [row] = await createRows(this.#modelFor(attrs, 'insert'), [attrs]);
    return row as object;
  }

  /** All in one transaction, unless `create` is overridden: then one after the other. */
  override async createMany(list: readonly object[]): Promise<object[]> {
    if (this.create !== ModelBase.prototype.create) return super.createMany(list);
    if (list.length === 0) return [];
    return createRows(this.#modelFor(Object.assign({}, ...list), 'insert'), list);
  }

  override async update(row: object, attrs: object): Promise<object> {
    return updateRow(this.#modelFor(attrs, 'update'), row, attrs);
  }

  /** There is no one way to store what is nested, unless the relation says that it is stored along. */
  #modelFor(attrs: object, cascade: 'insert' | 'update'): ModelInfo {
    const definition = (this.constructor as unknown as { [DEFINITION]: ModelDefinition })[DEFINITION];
    const model = definition.model();
    for (const [name, field] of Object.entries(compiled(definition).fields)) {
      const { source = name, readOnly } = field.options as FieldOptions;
      const [first = name, ...deeper] = source.split('.');
      if (readOnly || !Object.hasOwn(attrs, first) || (!isNested(field) && deeper.length === 0)) continue;
      if (model.embeddeds.some((embedded) => embedded.name === first)) continue;
      const relation = model.relations.find((each) => each.name === first);
      if (relation?.cascades.insert && relation.cascades[cascade]) continue;
      throw usage(
        `${this.constructor.name}: "${name}" is nested. Give the relation \`cascade: true\`, or override create() and update() to say how it is stored, or make it readOnly.`,
      );
    }
    return model;
  }
}
