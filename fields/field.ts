/**
 * The base of every field: how one value is shown, and how one value is read from input.
 *
 * Shape:  `toRepresentation(value)` native -> JSON; `runValidation(data)` JSON -> native, which is: empty and null
 *         checks, then `toInternalValue(data)`, then the validators. A field belongs to no serializer and keeps no state.
 * Errors: `ValidationError` with the codes and texts of Django REST framework; `USAGE` for options that are unknown or
 *         contradict each other, when the field is built.
 */

import { chain, isPromise } from '../lib/maybe-promise.js';
import type { ValidationError } from '../lib/validation-error.js';
import { type Check, runChecks } from './checks.js';
import { type Facts, filledMessage, type Messages, messagesOf } from './messages.js';
import { checkFieldOptions, usage } from './options.js';
import { attempt, orThrow, refusal } from './refusal.js';
import type { AnyField, Ctx, FieldOptions, NoOptions } from './types.js';

export { usage } from './options.js';

/** "Not sent", which null is not; also what a field gives that sets no value. */
export const EMPTY: unique symbol = Symbol('bgtasks.empty');

/** Reads a value without throwing what refuses it. */
export const READ: unique symbol = Symbol('bgtasks.read');

/** Outside of any serializer. */
export const NO_CTX: Ctx = Object.freeze({ context: Object.freeze({}), instance: undefined, partial: false });

export abstract class Field<P = NoOptions> {
  /** Texts by code; a subclass adds its own, and those of its bases stay. */
  static readonly errorMessages: Messages = {
    required: 'This field is required.',
    null: 'This field may not be null.',
    invalid: 'Invalid value.',
  };
  /** What `options` may hold; a subclass adds its own. One without any is not checked. */
  static readonly optionNames: readonly string[] = [
    ...['readOnly', 'writeOnly', 'required', 'allowNull', 'default', 'initial', 'source', 'label', 'helpText'],
    ...['errorMessages', 'validators'],
  ];

  readonly options: P;
  /** Run on every value that was read: those of the options first; a constructor adds what follows from its options. */
  protected readonly checks: Check[];

  constructor(options?: P) {
    if (new.target === (Field as unknown)) throw usage('Field is the base of fields: extend it, or use ReadOnlyField.');
    this.options = options ?? ({} as P);
    checkFieldOptions(new.target, this.settings);
    this.checks = [...(this.settings.validators ?? [])];
  }

  /** Native value -> plain JSON value. Serializers never call it with null or undefined. */
  abstract toRepresentation(value: unknown, ctx: Ctx): unknown;

  /** Plain value -> native value; refuses by `this.fail(code)`. Never called with null or undefined. */
  abstract toInternalValue(data: unknown, ctx: Ctx): unknown;

  /** Where the value is on a row, for a field that `source` is not enough for; undefined: there is no value. */
  readFrom?(row: object, name: string, ctx: Ctx): unknown;

  /** Throws the message that belongs to `code`, with `{name}` replaced by facts. */
  fail(code: string, facts: Facts = {}): never {
    throw this.refused(code, facts);
  }

  /** Reads `data` and checks it: the value, or a promise where a validator is asynchronous. `EMPTY` sets no value. */
  runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    return orThrow(this[READ](data, ctx));
  }

  /** @internal What `runValidation` does; a refusal may be given in place of the value, or thrown. */
  [READ](data: unknown, ctx: Ctx): unknown {
    const { settings } = this;
    if (settings.readOnly) return this.defaultValue(ctx);
    if (data === EMPTY || data === undefined) return this.#whenNotSent(ctx);
    if (data === null) return settings.allowNull ? null : this.refused('null');
    const value = this.toInternalValue(data, ctx);
    if (isPromise(value)) return value.then((late) => this.#checked(late, ctx));
    return this.checks.length === 0 ? value : this.#checked(value, ctx);
  }

  /** What `fail` throws; a check may give it as well. `text` names the message, where a code has several. */
  protected refused(code: string, facts: Facts = {}, text = code): ValidationError {
    return refusal([{ message: this.message(text, facts), code }]);
  }

  /** Adds a check that refuses a value where `isWrong(value)`. */
  protected refuseWhen<T>(isWrong: (value: T) => boolean, code: string, facts?: Facts, text?: string): void {
    this.checks.push((value: T) => (isWrong(value) ? this.refused(code, facts, text) : undefined));
  }

  /** The default, or `EMPTY` where there is none or the update is partial. */
  protected defaultValue(ctx: Ctx): unknown {
    const value = this.settings.default;
    if (value === undefined || ctx.partial) return EMPTY;
    return typeof value === 'function' ? value(ctx) : value;
  }

  protected message(code: string, facts: Facts = {}): string {
    const own = this.settings.errorMessages;
    const text = own && Object.hasOwn(own, code) ? own[code] : messagesOf(this.constructor)[code];
    if (text === undefined) {
      throw usage(`${this.constructor.name} has no message for "${code}": add it to \`static errorMessages\`.`);
    }
    return filledMessage(code, text, facts);
  }

  /** The options as every field has them. */
  protected get settings(): FieldOptions {
    return this.options as FieldOptions;
  }

  #whenNotSent(ctx: Ctx): unknown {
    if (ctx.partial) return EMPTY;
    const { required, default: value } = this.settings;
    return (required ?? value === undefined) ? this.refused('required') : this.defaultValue(ctx);
  }

  #checked(value: unknown, ctx: Ctx): unknown {
    return chain(runChecks(this.checks, value, ctx), (refused) => refused ?? value);
  }
}

/** What `field.runValidation` gives; a refusal is given as well, and never thrown. */
export function readBy(field: AnyField, data: unknown, ctx: Ctx): unknown {
  const isOverridden = !(field instanceof Field) || field.runValidation !== Field.prototype.runValidation;
  return attempt(() => (isOverridden ? field.runValidation(data, ctx) : field[READ](data, ctx)));
}
