/**
 * The base of every field: how one value is shown, and how one value is read from input.
 *
 * Shape:  `toRepresentation(value)` native -> JSON; `runValidation(data)` JSON -> native, which is: empty and null
 *         checks, then `toInternalValue(data)`, then the validators. A field belongs to no serializer and keeps no state.
 * Errors: `ValidationError` with the codes and texts of Django REST framework; `USAGE` for options that are unknown or
 *         contradict each other, when the field is built.
 */
import { type ErrorDetail, type ErrorTree, ValidationError } from '../lib/validation-error.js';
import { isPromise, type MaybePromise } from './maybe-promise.js';
import { type Facts, filledMessage, type Messages, messagesOf } from './messages.js';
import { checkFieldOptions, usage } from './options.js';
import { refusal } from './refusal.js';
import type { Ctx, FieldOptions, NoOptions, Validator } from './types.js';

export { usage } from './options.js';

/** "Not sent", which null is not; also what a field gives that sets no value. */
export const EMPTY: unique symbol = Symbol('bgtasks.empty');

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
  protected readonly checks: Validator[];

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
    throw refusal([{ message: this.message(code, facts), code }]);
  }

  /** The same with a code of which there are several messages. */
  protected failWith(message: string, code: string): never {
    throw refusal([{ message: this.message(message), code }]);
  }

  /** Reads `data` and checks it: the value, or a promise where a validator is asynchronous. `EMPTY` sets no value. */
  runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    const { settings } = this;
    if (settings.readOnly) return this.defaultValue(ctx);
    if (data === EMPTY || data === undefined) return this.#whenNotSent(ctx);
    if (data === null) return settings.allowNull ? null : this.fail('null');
    const value = this.toInternalValue(data, ctx);
    if (isPromise(value)) return value.then((late) => this.#checked(late, ctx));
    return this.checks.length === 0 ? value : this.#checked(value, ctx);
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
    if (required ?? value === undefined) this.fail('required');
    return this.defaultValue(ctx);
  }

  /** Nothing is allocated for a value that all validators let pass. */
  #checked(value: unknown, ctx: Ctx): MaybePromise<unknown> {
    let errors: ErrorTree[] | undefined;
    let waiting: Promise<unknown>[] | undefined;
    for (const check of this.checks) {
      try {
        const done = check(value, ctx);
        if (isPromise(done)) waiting = [...(waiting ?? []), done];
      } catch (error) {
        errors = [...(errors ?? []), errorsOf(error)];
      }
    }
    if (waiting) return whenChecked(value, waiting, errors ?? []);
    if (errors) throw joined(errors);
    return value;
  }
}

/** True for our own refusal; by code, as two copies of the package may be loaded. */
export function isValidationError(error: unknown): error is ValidationError {
  return error instanceof ValidationError || (error as { code?: unknown } | null)?.code === 'VALIDATION';
}

async function whenChecked(
  value: unknown,
  waiting: readonly Promise<unknown>[],
  known: readonly ErrorTree[],
): Promise<unknown> {
  const late: ErrorTree[] = [];
  const keep = (error: unknown) => late.push(errorsOf(error));
  await Promise.all(waiting.map((done) => done.catch(keep)));
  const errors = [...known, ...late];
  if (errors.length > 0) throw joined(errors);
  return value;
}

/** What refused; anything else, a bug for one, is thrown on. */
function errorsOf(error: unknown): ErrorTree {
  if (!isValidationError(error)) throw error;
  return error.errors;
}

/** Several lists become one; a tree by name is thrown as it is, since there is no list to add it to. */
function joined(errors: readonly ErrorTree[]): ValidationError {
  const tree = errors.find((error) => !Array.isArray(error));
  return refusal(tree ?? (errors.flat() as ErrorDetail[]));
}
