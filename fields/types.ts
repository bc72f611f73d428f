/**
 * What is inferred from fields. Types alone.
 *
 * The representation and the validated type of a field come from its methods, so a field of one's own needs no
 * type parameters; the options (`allowNull`, `required`, ...) come from the type of `options`.
 */
/** No options: their defaults hold. */
export type NoOptions = Record<never, never>;

/** What a field knows about the serializer that runs it. */
export interface Ctx {
  /** Given once at the root, read by every nested field. */
  readonly context: Record<string, unknown>;
  /** The object that the root serializer was made with, if any. */
  readonly instance: unknown;
  /** A partial update: fields that were not sent are neither required nor defaulted. */
  readonly partial: boolean;
  /** The name of the field in its serializer; undefined for what belongs to the serializer itself. */
  readonly fieldName?: string | undefined;
}

/** Refuses a value by throwing a `ValidationError`, or by rejecting with one. */
// biome-ignore lint/suspicious/noExplicitAny: each validator names the type that its field gives it
export type Validator = (value: any, ctx: Ctx) => void | Promise<void>;

/** The options of every field. */
export interface FieldOptions {
  /** Shown, never read from the input. */
  readonly readOnly?: boolean;
  /** Read from the input, never shown. */
  readonly writeOnly?: boolean;
  /** Must be sent. Default: true, unless `readOnly` or `default` is given. */
  readonly required?: boolean;
  /** Whether null is a value. Default: false. */
  readonly allowNull?: boolean;
  /** What stands for a value that was not sent: a value, or a function of the context. */
  readonly default?: unknown;
  /** What an empty form shows: a value, or a function that gives it. */
  readonly initial?: unknown;
  /** The path of the value on the object, dotted; `*` is the whole object. Default: the field's name. */
  readonly source?: string;
  /** The field's name for people. */
  readonly label?: string;
  /** A sentence for people. */
  readonly helpText?: string;
  /** Messages by code that replace the field's own; `{name}` stands for a fact such as `{max_length}`. */
  readonly errorMessages?: Readonly<Record<string, string>>;
  /** Run on the value once it has been read, all of them. */
  readonly validators?: readonly Validator[];
}

/** Never there at run time. */
export declare const ROW: unique symbol;

/** Any field, of a serializer whose objects are `Row`. */
// biome-ignore lint/suspicious/noExplicitAny: the default stands for a field that does not mind what its objects are
export interface AnyField<Row = any> {
  readonly options: unknown;
  toRepresentation(value: unknown, ctx: Ctx): unknown;
  toInternalValue(data: unknown, ctx: Ctx): unknown;
  runValidation(data: unknown, ctx?: Ctx): unknown;
  /** Never there at run time: it carries the type of the objects to a `MethodField`. */
  [ROW]?(row: Row): void;
}

export type OptionsOf<F> = F extends { readonly options: infer P } ? P : NoOptions;

type Nullable<T, P> = P extends { readonly allowNull: true } ? T | null : T;

/** What a field shows. */
export type ReprOfField<F> = F extends { toRepresentation(...args: never[]): infer R }
  ? Nullable<Awaited<R>, OptionsOf<F>>
  : never;

/** What a field reads out of valid input. */
export type ValidOfField<F> = F extends { toInternalValue(...args: never[]): infer V }
  ? Nullable<Awaited<V>, OptionsOf<F>>
  : never;
