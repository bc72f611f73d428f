/**
 * What came of validating once: nothing yet, a value, or an error. Shared by serializers and their lists.
 *
 * Errors: `USAGE` for what is read or called too early.
 */
import { usage } from '../fields/field.js';
import { isRefusal } from '../fields/refusal.js';
import { isPromise } from '../lib/maybe-promise.js';
import type { MessageTree, ValidationError } from '../lib/validation-error.js';
import type { SerializerOptions } from './definition.js';
import { noData } from './standard.js';
import type { Verdict } from './validation.js';

const NOT_YET = Symbol('not yet validated');

export class Outcome<V> {
  readonly #options: SerializerOptions;
  readonly #validate: () => Verdict<V>;
  #running: Verdict<V> | undefined;
  #result: V | ValidationError | typeof NOT_YET = NOT_YET;

  constructor(options: SerializerOptions, validate: () => Verdict<V>) {
    this.#options = options;
    this.#validate = validate;
  }

  async settle({ raiseException = false }: { raiseException?: boolean }): Promise<boolean> {
    if (!this.#hasData) throw usage('There is nothing to validate: give the serializer `data`.');
    this.#running ??= this.#run();
    // To await what is there already would cost a turn of the event loop's queue for every input of a list.
    const result = isPromise(this.#running) ? await this.#running : this.#running;
    this.#result = result as V | ValidationError;
    if (!isRefusal(result)) return true;
    if (raiseException) throw result;
    return false;
  }

  get errors(): MessageTree {
    const result = this.#get('errors');
    return isRefusal(result) ? result.byField : {};
  }

  get value(): V {
    const result = this.#get('validatedData');
    if (isRefusal(result)) throw usage('The data is not valid, so there is no `validatedData`: see `errors`.');
    return result;
  }

  get isInvalid(): boolean {
    return isRefusal(this.#result);
  }

  /** The values that `save()` stores. */
  toSave(): V {
    if (this.#result === NOT_YET) throw usage('Call `isValid()` before `save()`.');
    if (isRefusal(this.#result)) throw usage('`save()` needs valid data: see `errors`.');
    if (this.#result === null) throw nothingToSave();
    return this.#result as V;
  }

  /** What `data` shows: the instance, else the valid values; undefined where it is a form to be filled in. */
  toShow(instance: unknown): { readonly value: unknown } | undefined {
    if (this.isInvalid) return undefined;
    if (instance !== null) return { value: instance };
    if (!this.#hasData) return undefined;
    if (this.#result === NOT_YET) throw usage('Call `isValid()` before `data` is read.');
    return { value: this.value };
  }

  get #hasData(): boolean {
    return Object.hasOwn(this.#options, 'data');
  }

  #get(name: string): V | ValidationError {
    if (this.#result === NOT_YET) throw usage(`Call \`isValid()\` before \`${name}\` is read.`);
    return this.#result as V | ValidationError;
  }

  #run(): Verdict<V> {
    const { data, allowNull } = this.#options;
    return data === undefined || (data === null && !allowNull) ? noData() : this.#validate();
  }
}

/** Without values a row of nothing but defaults would be stored. */
export function nothingToSave(): Error {
  return usage(
    '`save()` has nothing to store: the data is null. Do not call it for null, which `allowNull` lets pass.',
  );
}
