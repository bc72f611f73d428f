/**
 * What came of validating once: nothing yet, a value, or an error. Shared by serializers and their lists.
 *
 * Errors: `USAGE` for what is read or called too early.
 */
import { isValidationError, usage } from '../fields/field.js';
import type { MaybePromise } from '../fields/maybe-promise.js';
import type { MessageTree, ValidationError } from '../lib/validation-error.js';
import type { SerializerOptions } from './definition.js';
import { noData } from './standard.js';

export class Outcome<V> {
  readonly #options: SerializerOptions;
  readonly #hasData: boolean;
  readonly #validate: () => MaybePromise<V>;
  #settled: { readonly value: V } | { readonly error: ValidationError } | undefined;

  constructor(options: SerializerOptions, validate: () => MaybePromise<V>) {
    this.#options = options;
    this.#hasData = Object.hasOwn(options, 'data');
    this.#validate = validate;
  }

  async settle({ raiseException = false }: { raiseException?: boolean }): Promise<boolean> {
    if (!this.#hasData) throw usage('There is nothing to validate: give the serializer `data`.');
    this.#settled ??= await this.#run();
    if ('value' in this.#settled) return true;
    if (raiseException) throw this.#settled.error;
    return false;
  }

  get errors(): MessageTree {
    const settled = this.#get('errors');
    return 'error' in settled ? settled.error.byField : {};
  }

  get value(): V {
    const settled = this.#get('validatedData');
    if ('error' in settled) throw usage('The data is not valid, so there is no `validatedData`: see `errors`.');
    return settled.value;
  }

  get isInvalid(): boolean {
    return this.#settled !== undefined && 'error' in this.#settled;
  }

  /** The values that `save()` stores. */
  toSave(): V {
    if (!this.#settled) throw usage('Call `isValid()` before `save()`.');
    if ('error' in this.#settled) throw usage('`save()` needs valid data: see `errors`.');
    return this.#settled.value;
  }

  /** What `data` shows: the instance, else the valid values; undefined where it is a form to be filled in. */
  toShow(instance: unknown): { readonly value: unknown } | undefined {
    if (this.isInvalid) return undefined;
    if (instance !== null) return { value: instance };
    if (!this.#hasData) return undefined;
    if (!this.#settled) throw usage('Call `isValid()` before `data` is read.');
    return { value: this.value };
  }

  #get(name: string) {
    if (!this.#settled) throw usage(`Call \`isValid()\` before \`${name}\` is read.`);
    return this.#settled;
  }

  async #run() {
    const { data, allowNull } = this.#options;
    try {
      if (data === undefined || (data === null && !allowNull)) throw noData();
      return { value: await this.#validate() };
    } catch (error) {
      if (isValidationError(error)) return { error };
      throw error;
    }
  }
}
