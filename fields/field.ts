/**
 * The base of every field: how one value is shown, and how one value is read from input.
 *
 * Shape:  `toRepresentation(value)` native -> JSON; `runValidation(data)` JSON -> native, which is: empty and null
 *         checks, then `toInternalValue(data)`, then the validators. A field belongs to no serializer and keeps no state.
 * Errors: `ValidationError` with the codes and texts of Django REST framework; `USAGE` for options that contradict
 *         each other, when the field is built.
 */
import { BgTasksError } from '../lib/errors.js';
import { type ErrorDetail, type ErrorInput, ValidationError } from '../lib/validation-error.js';
import { chain, isPromise, type MaybePromise } from './maybe-promise.js';
import type { Ctx, FieldOptions, NoOptions, Validator } from './types.js';

/** "Not sent", which null is not; also what a field gives that sets no value. */
export const EMPTY: unique symbol = Symbol('bgtasks.empty');

/** Outside of any serializer. */
export const NO_CTX: Ctx = Object.freeze({ context: Object.freeze({}), instance: undefined, partial: false });

type Messages = Readonly<Record<string, string>>;

export abstract class Field<P = NoOptions> {
  /** Texts by code; a subclass adds its own, and those of its bases stay. */
  static readonly errorMessages: Messages = {
    required: 'This field is required.',
    null: 'This field may not be null.',
    invalid: 'Invalid value.',
  };

  readonly options: P;

  constructor(options?: P) {
    this.options = options ?? ({} as P);
    refuseContradictions(this.constructor.name, this.settings);
  }

  /** Native value -> plain JSON value. Never called with null or undefined. */
  abstract toRepresentation(value: unknown, ctx: Ctx): unknown;

  /** Plain value -> native value; refuses by `this.fail(code)`. Never called with null or undefined. */
  abstract toInternalValue(data: unknown, ctx: Ctx): unknown;

  /** Where the value is on a row, for a field that `source` is not enough for; undefined: there is no value. */
  readFrom?(row: object): unknown;

  /** Throws the message that belongs to `code`, with `{name}` replaced by facts. */
  fail(code: string, facts: Readonly<Record<string, unknown>> = {}): never {
    throw new ValidationError(this.message(code, facts), code);
  }

  /** Reads `data` and checks it: the value, or a promise where a validator is asynchronous. `EMPTY` sets no value. */
  runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    if (this.settings.readOnly) return this.defaultValue(ctx);
    if (data === EMPTY || data === undefined) return this.#whenNotSent(ctx);
    if (data === null) return this.settings.allowNull ? null : this.fail('null');
    return chain(this.toInternalValue(data, ctx), (value) => this.#validated(value, ctx));
  }

  /** The default, or `EMPTY` where there is none or the update is partial. */
  protected defaultValue(ctx: Ctx): unknown {
    const value = this.settings.default;
    if (value === undefined || ctx.partial) return EMPTY;
    return typeof value === 'function' ? value(ctx) : value;
  }

  /** Those of the options first, then the ones that follow from other options. */
  protected validators(): readonly Validator[] {
    return this.settings.validators ?? [];
  }

  protected message(code: string, facts: Readonly<Record<string, unknown>> = {}): string {
    const own = this.settings.errorMessages ?? {};
    const text = Object.hasOwn(own, code) ? own[code] : messagesOf(this.constructor)[code];
    if (text === undefined) {
      throw usage(`${this.constructor.name} has no message for "${code}": add it to \`static errorMessages\`.`);
    }
    return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(facts, name) ? String(facts[name]) : whole));
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

  #validated(value: unknown, ctx: Ctx): MaybePromise<unknown> {
    if (value === null) return null;
    const errors: ErrorInput[] = [];
    const waiting: Promise<void>[] = [];
    for (const validate of this.validators()) {
      try {
        const done = validate(value, ctx);
        if (isPromise(done)) waiting.push(done.catch((error) => keep(errors, error)));
      } catch (error) {
        keep(errors, error);
      }
    }
    const finish = () => {
      if (errors.length > 0) throw joined(errors);
      return value;
    };
    return waiting.length > 0 ? Promise.all(waiting).then(finish) : finish();
  }
}

/** True for our own refusal; by code, as two copies of the package may be loaded. */
export function isValidationError(error: unknown): error is ValidationError {
  return error instanceof ValidationError || (error as { code?: unknown } | null)?.code === 'VALIDATION';
}

export function usage(message: string): BgTasksError {
  return new BgTasksError('USAGE', message);
}

function keep(errors: ErrorInput[], error: unknown): void {
  if (!isValidationError(error)) throw error;
  errors.push(error.errors as ErrorInput);
}

/** Several lists become one; a tree by name is thrown as it is, since there is no list to add it to. */
function joined(errors: readonly ErrorInput[]): ValidationError {
  const tree = errors.find((error) => !Array.isArray(error));
  return new ValidationError(tree ?? (errors.flat() as ErrorDetail[]));
}

const messages = new WeakMap<object, Messages>();

/** The texts of a class and its bases. */
function messagesOf(type: object): Messages {
  const known = messages.get(type);
  if (known) return known;
  const base = Object.getPrototypeOf(type) as object | null;
  const inherited = typeof base === 'function' && base !== Function.prototype ? messagesOf(base) : {};
  const own = Object.hasOwn(type, 'errorMessages') ? (type as typeof Field).errorMessages : {};
  const all = Object.assign(Object.create(null), inherited, own) as Messages;
  messages.set(type, all);
  return all;
}

function refuseContradictions(name: string, options: FieldOptions): void {
  const { readOnly, writeOnly, required } = options;
  const refuse = (one: string, other: string) => usage(`${name}: "${one}" and "${other}" contradict each other.`);
  if (readOnly && writeOnly) throw refuse('readOnly', 'writeOnly');
  if (readOnly && required) throw refuse('readOnly', 'required');
  if (required && options.default !== undefined) throw refuse('required', 'default');
}
