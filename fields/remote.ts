/**
 * A key of an object that lives in another service: shown as that object, written as the key.
 *
 * Shape:  options, and one slot in the output. A field calls nobody: it asks a `RemoteLoader`, which
 *         `bgtasks/serializers` installs; our own serializers do not even ask, they gather the keys themselves.
 */
import { preview } from '../lib/errors.js';
import type { MaybePromise } from '../lib/maybe-promise.js';
import { type AnyKey, type KeyForm, keyForm } from '../lib/provider/remote-key.js';
import { type ErrorInput, ValidationError } from '../lib/validation-error.js';
import { Field, NO_CTX, usage } from './field.js';
import type { Facts } from './messages.js';
import { type Found, remoteLoader } from './remote-loader.js';
import { cacheId, checkCache, checkPolicies } from './remote-options.js';
import type { RemoteFieldType, RemoteOptions } from './remote-types.js';
import { typeName } from './type-name.js';
import type { Ctx } from './types.js';

/** The class behind `RemoteField`. */
export class RemoteSlot extends Field<RemoteOptions<never>> {
  static override readonly errorMessages = {
    incorrect_type: 'Incorrect type. Expected pk value, received {data_type}.',
    not_a_list: 'Expected a list of items but got type "{input_type}".',
    does_not_exist: 'Invalid pk "{pk_value}" - object does not exist.',
    timeout: 'Timeout error({route})',
    wrong_format: 'Format of response is not correct or route to service is incorrect({route})',
  };

  /** The name of the task that answers. */
  readonly route: string;
  readonly keys: KeyForm;
  /** A list of keys. */
  readonly isMany: boolean;
  /** Equal for fields whose keys can go in one request. */
  readonly group: string;

  constructor(options: RemoteOptions<never>) {
    super(options);
    const { route, key, mergeKey = 'id', fields, params, many, remoteField, onMissing, cache } = options;
    this.route = typeof route === 'string' ? route : route?.route;
    if (!this.route) throw usage('RemoteField: "route" must be the name of a task or its handle.');
    checkPolicies('RemoteField', options);
    if (cache !== undefined) checkCache(cache);
    this.keys = keyForm(mergeKey);
    this.isMany = many === true || remoteField !== undefined;
    if (many === false && this.isMany)
      throw usage('RemoteField: "remoteField" reads a list of rows: leave "many" out.');
    if (!this.isMany && onMissing === 'drop')
      throw usage('RemoteField: "onMissing: drop" is for lists ("many: true").');
    const form = [this.route, key ?? null, mergeKey, fields ?? null, params ?? null];
    this.group = JSON.stringify(cache ? [...form, cacheId(cache)] : form);
  }

  override toRepresentation(key: unknown): Promise<unknown> {
    return remoteLoader().load(this, key);
  }

  /** As an item of a list or dictionary: the remote fields of its object are filled by the response that it stands in. */
  toItem(key: unknown, ctx: Ctx): Promise<unknown> {
    return remoteLoader().load(this, key, ctx);
  }

  /** What stands in the slot until the objects come: a key or null, or a list of these; undefined where it is neither. */
  toSlot(value: unknown): unknown {
    if (!this.isMany) return this.keys.of(value) ?? (this.keys.isNone(value) ? null : undefined);
    if (!Array.isArray(value)) return undefined;
    const { remoteField } = this.options;
    const keyAt = remoteField === undefined ? (item: unknown) => item : (row: unknown) => partOf(row, remoteField);
    return value.map((item) => this.keys.of(keyAt(item)) ?? null);
  }

  /** `''` stands for null, as in Django REST framework's relation fields. */
  override runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    return super.runValidation(data === '' ? null : data, ctx);
  }

  override toInternalValue(data: unknown, ctx: Ctx = NO_CTX): unknown {
    return this.isMany ? this.#readMany(data, ctx) : this.#readOne(data, ctx);
  }

  /** The key that was sent; undefined where it is none. */
  protected readKey(data: unknown): AnyKey | undefined {
    return this.keys.of(data);
  }

  #readOne(data: unknown, ctx: Ctx): MaybePromise<AnyKey> {
    const key = this.readKey(data) ?? this.fail('incorrect_type', { data_type: typeName(data) });
    if (this.options.validateExists === false) return key;
    return this.#find([key], ctx).then(([found]) => {
      if (found && 'key' in found) return found.key;
      return this.fail(found?.problem ?? 'wrong_format', this.#facts(data));
    });
  }

  #readMany(data: unknown, ctx: Ctx): MaybePromise<unknown[]> {
    if (!Array.isArray(data)) return this.fail('not_a_list', { input_type: typeName(data) });
    const errors: ErrorsByIndex = {};
    const keys: { readonly index: number; readonly key: AnyKey }[] = [];
    data.forEach((item, index) => {
      const key = this.readKey(item);
      if (key !== undefined) keys.push({ index, key });
      else errors[index] = this.#detail('incorrect_type', { data_type: typeName(item) });
    });
    if (keys.length === 0 || this.options.validateExists === false)
      return this.#list(
        keys.map(({ key }) => key),
        errors,
      );
    const asked = keys.map(({ key }) => key);
    return this.#find(asked, ctx).then((all) => {
      // A call that failed says nothing of any item: it counts once, and not beside items that are wrong anyway.
      const failure = all.find((found) => 'problem' in found && found.problem !== 'does_not_exist');
      if (failure && 'problem' in failure) {
        if (Object.keys(errors).length === 0) this.fail(failure.problem, { route: this.route });
        return this.#list([], errors);
      }
      all.forEach((found, i) => {
        const { index } = keys[i] as { index: number };
        if ('problem' in found) errors[index] = this.#detail(found.problem, this.#facts(data[index]));
      });
      return this.#list(
        all.flatMap((found) => ('key' in found ? [found.key] : [])),
        errors,
      );
    });
  }

  async #find(keys: readonly AnyKey[], ctx: Ctx): Promise<readonly Found[]> {
    return remoteLoader().find(this, keys, ctx);
  }

  /** The keys, or the rows that hold them. */
  #list(keys: readonly AnyKey[], errors: ErrorsByIndex): unknown[] {
    if (Object.keys(errors).length > 0) throw new ValidationError(errors);
    const { remoteField } = this.options;
    return remoteField === undefined ? [...keys] : keys.map((key) => ({ [remoteField]: key }));
  }

  #facts(data: unknown): Facts {
    return { pk_value: typeof data === 'object' ? preview(data) : shortened(String(data)), route: this.route };
  }

  #detail(code: string, facts: Facts): ErrorInput {
    return { message: this.message(code, facts), code };
  }
}

function partOf(row: unknown, property: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[property] : undefined;
}

type ErrorsByIndex = Record<string, ErrorInput>;

/** Input may be as long as it likes; what is said of it not. */
function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** A key of an object of another service, shown as that object. */
export const RemoteField = RemoteSlot as unknown as RemoteFieldType;
/** Any remote field. */
export type RemoteField = RemoteSlot;
