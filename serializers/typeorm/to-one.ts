/** A to-one relation: shown and written as the primary key of the other entity. */
import { Field, usage } from '../../fields/field.js';
import { typeName } from '../../fields/type-name.js';
import type { FieldOptions } from '../../fields/types.js';
import type { RelationInfo } from './model-info.js';

/** Read into an object with the key alone, which is what TypeORM stores. */
export class ToOneField extends Field<FieldOptions> {
  static override readonly errorMessages = {
    incorrect_type: 'Incorrect type. Expected pk value, received {data_type}.',
  };

  readonly #relation: RelationInfo;
  readonly #entity: abstract new (
    ...args: never[]
  ) => object;

  constructor(relation: RelationInfo, entity: abstract new (...args: never[]) => object, options: FieldOptions) {
    super(options);
    this.#relation = relation;
    this.#entity = entity;
  }

  /** A relation that was not loaded is undefined, though a key lies in the table: null would be a lie. */
  override readFrom(row: object): unknown {
    const { name, keyColumn } = this.#relation;
    const { [this.options.source ?? name]: value, ...rest } = pick(row, [this.options.source ?? name, keyColumn]);
    if (value !== undefined) return value;
    const key = keyColumn === undefined ? undefined : rest[keyColumn];
    if (key !== undefined || !(row instanceof this.#entity)) return key;
    throw usage(
      `The relation "${name}" of ${this.#entity.name} is not loaded, so its key is not known: load it with \`relations: { ${name}: true }\`, or with \`loadRelationIds: true\` for the keys alone.`,
    );
  }

  override runValidation(data: unknown, ctx?: never): unknown {
    return super.runValidation(data === '' ? null : data, ctx);
  }

  override toInternalValue(data: unknown): object {
    const isNumber = typeof data === 'number' && Number.isFinite(data);
    const isText = typeof data === 'string';
    // A key that counts is refused here where its text cannot be one; other kinds are up to the database.
    const isWrongText = isText && this.#relation.keyKind === 'integer' && !/^-?\d+$/.test(data);
    if ((!isNumber && !isText) || isWrongText) this.fail('incorrect_type', { data_type: typeName(data) });
    const key = isText && this.#relation.keyKind === 'integer' ? Number(data) : data;
    return { [this.#relation.key]: key };
  }

  /** The loaded object, or its key where keys alone were loaded. */
  override toRepresentation(value: unknown): unknown {
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[this.#relation.key] : value;
  }
}

function pick(row: object, names: readonly (string | undefined)[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of names) {
    if (name !== undefined) found[name] = (row as Record<string, unknown>)[name];
  }
  return found;
}
