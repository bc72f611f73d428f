/** The field that a relation of an entity becomes: a key, a list of keys, or with `depth` the object itself. */
import { PrimaryKeyRelatedField, type RelatedOptions, SlugRelatedField } from '../../fields/related.js';
import type { RepositoryLike } from '../../fields/related-source.js';
import type { AnyField, Ctx, FieldOptions } from '../../fields/types.js';
import { NestedField, type NestedOptions } from '../nested.js';
import type { AnySerializer, ClassOf } from '../types.js';
import type { ModelInfo } from './model-info.js';
import { readRelation } from './read-relation.js';
import type { RelationInfo } from './relation-info.js';

type Options = RelatedOptions<object>;

/** `options` are those of the user over those that follow from the relation. */
export function relationField(relation: RelationInfo, model: ModelInfo, options: FieldOptions): AnyField {
  const { target, isMany, key, isByPrimaryKey } = relation;
  const queryset = () => model.dataSource.getRepository(target) as unknown as RepositoryLike;
  const all: Options = { ...(options.readOnly ? {} : { queryset }), ...(isMany && { many: true }), ...options };
  if (isByPrimaryKey) return new KeyField(relation, model, all);
  return new SlugField(relation, model, { ...all, slugField: key as never });
}

/** Shows the related object itself. */
export function depthField(
  relation: RelationInfo,
  model: ModelInfo,
  type: () => ClassOf<AnySerializer>,
  options: NestedOptions,
): AnyField {
  return new DepthField(relation, model, type, { ...options, readOnly: true, many: relation.isMany });
}

class KeyField extends PrimaryKeyRelatedField<object, Options> {
  readonly #relation: RelationInfo;
  readonly #model: ModelInfo;

  constructor(relation: RelationInfo, model: ModelInfo, options: Options) {
    super(options);
    this.#relation = relation;
    this.#model = model;
  }

  override readFrom(row: object, _name: string, ctx: Ctx): unknown {
    return readRelation(row, this.#relation, this.#model, ctx);
  }

  protected override showOne(row: unknown, ctx: Ctx): unknown {
    const isObject = typeof row === 'object' && row !== null;
    return super.showOne(isObject ? (row as Record<string, unknown>)[this.#relation.key] : row, ctx);
  }
}

class SlugField extends SlugRelatedField<object, Options & { readonly slugField: never }> {
  readonly #relation: RelationInfo;
  readonly #model: ModelInfo;

  constructor(relation: RelationInfo, model: ModelInfo, options: Options & { readonly slugField: never }) {
    super(options);
    this.#relation = relation;
    this.#model = model;
  }

  override readFrom(row: object, _name: string, ctx: Ctx): unknown {
    return readRelation(row, this.#relation, this.#model, ctx);
  }
}

class DepthField extends NestedField {
  readonly #relation: RelationInfo;
  readonly #model: ModelInfo;

  constructor(relation: RelationInfo, model: ModelInfo, type: () => ClassOf<AnySerializer>, options: NestedOptions) {
    super(type, options);
    this.#relation = relation;
    this.#model = model;
  }

  override readFrom(row: object, _name: string, ctx: Ctx): unknown {
    return readRelation(row, this.#relation, this.#model, ctx);
  }
}
