/** What a factory gives to the classes it makes, and the names under which they offer it to the layers beside them. */
import type { AnyField, Ctx, Validator } from '../fields/types.js';
import type { DataSourceLike } from '../lib/settings/options.js';
import type { RemoteDefaults } from './remote/policy.js';

export interface SerializerOptions {
  /** Input to validate. */
  data?: unknown;
  /** A partial update: fields that are not sent are neither required nor defaulted. Default: false. */
  partial?: boolean;
  /** Read by fields and hooks, nested ones too. */
  context?: Record<string, unknown>;
  /** Whether null is valid input as a whole. Default: false. */
  allowNull?: boolean | undefined;
  /** In place of the `serializerValidators` of the class. */
  validators?: readonly Validator[] | undefined;
  /** Messages by code (`null`, `invalid`) that replace the serializer's own. */
  errorMessages?: Readonly<Record<string, string>> | undefined;
}

/** Of a list; `validators` and `errorMessages.invalid` go to each item. */
export interface ListSerializerOptions extends SerializerOptions {
  /** Whether `[]` is valid. Default: true. */
  allowEmpty?: boolean | undefined;
  /** The fewest items. */
  minLength?: number | undefined;
  /** The most items; longer input is refused before its items are read. */
  maxLength?: number | undefined;
}

/** What a factory knows about the classes it makes. */
export interface Definition {
  /** For messages. */
  readonly kind: string;
  /** Called once, on first use. */
  fields(): Readonly<Record<string, AnyField>>;
  readonly hooks: AnyHooks;
  readonly remote: RemoteDefaults;
  /** Where the entities of a model serializer live. Called while a row is read or shown. */
  readonly dataSource?: () => DataSourceLike | undefined;
  /** Validators of the whole that follow from the model; `serializerValidators` replaces them. */
  readonly derivedValidators?: (fields: Readonly<Record<string, AnyField>>) => readonly Validator[];
}

export interface AnyHooks {
  readonly validate?: (attrs: never, ctx: Ctx) => unknown;
  readonly validators?: Readonly<Record<string, ((value: never, ctx: Ctx) => unknown) | undefined>>;
  readonly serializerValidators?: readonly Validator[];
}

/** The definition that a factory gave to its class. */
export const DEFINITION: unique symbol = Symbol('bgtasks.definition');
/** Defaults for the remote fields of a class, set by `RPCSerializerMixin`. */
export const REMOTE_DEFAULTS: unique symbol = Symbol('bgtasks.remote-defaults');
/** Makes a serializer part of the run of its parent. */
export const ADOPT: unique symbol = Symbol('bgtasks.adopt');
/** Validates one value, at once where nothing is asynchronous. */
export const VALIDATE: unique symbol = Symbol('bgtasks.validate');
/** What stands in an empty form. */
export const INITIAL: unique symbol = Symbol('bgtasks.initial');

const known = new WeakMap<object, RemoteDefaults>();

/** The remote defaults of a class: those of the mixin over those of the factory. */
export function remoteDefaultsOf(type: object): RemoteDefaults {
  const found = known.get(type);
  if (found) return found;
  const { [REMOTE_DEFAULTS]: mixed, [DEFINITION]: definition } = type as {
    [REMOTE_DEFAULTS]?: RemoteDefaults;
    [DEFINITION]: Definition;
  };
  const defaults = { ...definition.remote, ...mixed };
  known.set(type, defaults);
  return defaults;
}
