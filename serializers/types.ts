/**
 * What is inferred from the fields of a serializer. Types alone; those of a single field are in `fields/types.ts`.
 *
 * `D` is the record of fields by name, `E` the type of the objects, `RP` their representation, `VL` valid input.
 */
import type { INPUT, InputOfField } from '../fields/related-types.js';
import type { RemoteInput, RemoteRepr } from '../fields/remote-types.js';
import type {
  AnyField,
  Ctx,
  FieldOptions,
  OptionsOf,
  ReprOfField,
  ROW,
  Validator,
  ValidOfField,
} from '../fields/types.js';
import type { REMOTE, RemoteFacts } from '../lib/remote/column.js';
import type { MessageTree } from '../lib/validation-error.js';
import type { BaseSerializer } from './base-serializer.js';

export type { INPUT };

export type AnyFields<Row> = Readonly<Record<string, AnyField<Row>>>;

// biome-ignore lint/suspicious/noExplicitAny: stands for a serializer of any objects
export type AnySerializer = BaseSerializer<any, any, any, any>;

/** A class of serializers; a subclass may have a constructor of its own. */
// biome-ignore lint/suspicious/noExplicitAny: whatever that constructor takes
export type ClassOf<X> = new (...args: any[]) => X;

/** Shows a type as one flat object. */
type Flat<T> = { [K in keyof T]: T[K] } & {};

type IsWriteOnly<F> = OptionsOf<F> extends { readonly writeOnly: true } ? true : false;
type IsReadOnly<F> = OptionsOf<F> extends { readonly readOnly: true } ? true : false;
type IsOptional<F> = OptionsOf<F> extends { readonly required: false } ? true : false;

/** What a record of fields shows. */
export type ReprOf<D> = Flat<{
  -readonly [K in keyof D as IsWriteOnly<D[K]> extends true ? never : K]: ReprOfField<D[K]>;
}>;

type SourceOf<F> = OptionsOf<F> extends { readonly source: infer S extends string } ? S : never;

/** Valid input stands under the source of its field: `source: 'a.b'` gives `{ a: { b: ... } }`. */
type SourceKey<F, K> = [SourceOf<F>] extends [never]
  ? K
  : SourceOf<F> extends '*'
    ? K
    : SourceOf<F> extends `${infer Head}.${string}`
      ? Head
      : SourceOf<F>;
type SourceValue<F, V> = [SourceOf<F>] extends [never]
  ? V
  : SourceOf<F> extends `${string}.${infer Rest}`
    ? AtPath<Rest, V>
    : V;
type AtPath<P extends string, V> = P extends `${infer Head}.${infer Rest}`
  ? { [K in Head]: AtPath<Rest, V> }
  : { [K in P]: V };

type Required<D> = {
  -readonly [K in keyof D as IsReadOnly<D[K]> extends true
    ? never
    : IsOptional<D[K]> extends true
      ? never
      : SourceKey<D[K], K>]: SourceValue<D[K], ValidOfField<D[K]>>;
};
type Optional<D> = {
  -readonly [K in keyof D as IsReadOnly<D[K]> extends true
    ? never
    : IsOptional<D[K]> extends true
      ? SourceKey<D[K], K>
      : never]?: SourceValue<D[K], ValidOfField<D[K]>>;
};

/** What a record of fields reads out of valid input. */
export type ValidOf<D> = Flat<Required<D> & Optional<D>>;

type IsHidden<F> = OptionsOf<F> extends { readonly hidden: true } ? true : false;
type HasDefault<F> = OptionsOf<F> extends { readonly default: unknown } ? true : IsOptional<F>;

/** The JSON that a record of fields reads: by field name, without what nobody can send. */
export type JsonOf<D> = Flat<
  {
    -readonly [K in keyof D as IsReadOnly<D[K]> extends true
      ? never
      : IsHidden<D[K]> extends true
        ? never
        : HasDefault<D[K]> extends true
          ? never
          : K]: InputOfField<D[K]>;
  } & {
    -readonly [K in keyof D as IsReadOnly<D[K]> extends true
      ? never
      : IsHidden<D[K]> extends true
        ? never
        : HasDefault<D[K]> extends true
          ? K
          : never]?: InputOfField<D[K]>;
  }
>;

/** Hooks of a serializer, given where it is made. They may be asynchronous. */
export interface Hooks<D> {
  /** Sees all values at once; throws a `ValidationError` or gives the values, changed or not. */
  readonly validate?: (attrs: ValidOf<D>, ctx: Ctx) => ValidOf<D> | Promise<ValidOf<D>>;
  /** By field name: sees one value once its field has read it, and gives the value, changed or not. */
  readonly validators?: {
    readonly [K in keyof D as IsReadOnly<D[K]> extends true ? never : K]?: (
      value: ValidOfField<D[K]>,
      ctx: Ctx,
    ) => ValidOfField<D[K]> | Promise<ValidOfField<D[K]>>;
  };
  /**
   * See all values at once and refuse them by throwing, each; they run before `validate`. Django REST framework's
   * `Meta.validators`: on a model serializer they stand in for those that follow from the entity.
   */
  readonly serializerValidators?: readonly Validator[];
}

/** Errors by field name, or by index; those of nested input are shaped like it. */
export type Errors<V> =
  IsAny<V> extends true
    ? object
    : V extends readonly unknown[]
      ? { [index: number]: MessageTree } & { non_field_errors?: string[] }
      : { [K in keyof V]?: MessagesOf<NonNullable<V[K]>> } & { non_field_errors?: string[] };
type IsAny<T> = 0 extends 1 & T ? true : false;
type MessagesOf<T> = [T] extends [string | number | boolean | bigint | Date] ? string[] : MessageTree;

// ---------- entities

/** The properties of an entity that are no methods. */
// biome-ignore lint/suspicious/noExplicitAny: any method at all
export type PropertiesOf<E> = { [K in keyof E]-?: E[K] extends (...args: any[]) => any ? never : K }[keyof E];

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsWritable<E, K extends keyof E> = Same<{ [P in K]: E[P] }, { -readonly [P in K]: E[P] }>;
type Loaded<T> = T extends Promise<infer U> ? U : T;

/**
 * What `'__all__'` stands for: columns and to-one keys. A readonly property other than `id` counts as a getter, and a
 * list of objects with an `id` as a to-many relation.
 */
export type AllColumns<E> = {
  [K in PropertiesOf<E>]: Loaded<NonNullable<E[K]>> extends readonly { id: unknown }[]
    ? never
    : K extends 'id'
      ? K
      : IsWritable<E, K> extends true
        ? K
        : never;
}[PropertiesOf<E>];

/** What `RemoteKey` says of a property; never for all others. */
type RemoteOf<T> = typeof REMOTE extends keyof T ? Exclude<T[typeof REMOTE & keyof T], undefined> : never;

/** A `Date` is text, a relation its key, a remote key its object. */
type ColumnRepr<T> = T extends unknown
  ? [RemoteOf<T>] extends [never]
    ? PlainRepr<T>
    : RemoteOf<T> extends RemoteFacts<infer O, infer P>
      ? RemoteRepr<O, P>
      : never
  : never;

type PlainRepr<T> = T extends Date | bigint
  ? string
  : T extends Promise<infer U>
    ? ColumnRepr<U>
    : T extends readonly (infer U)[]
      ? ColumnRepr<U>[]
      : T extends { id: infer I }
        ? I
        : T;

/** What JSON writes a column. */
type ColumnInput<T> = T extends unknown
  ? [RemoteOf<T>] extends [never]
    ? PlainRepr<T>
    : RemoteOf<T> extends RemoteFacts<infer O, infer P>
      ? RemoteInput<O, P>
      : never
  : never;

/** A relation is an object with its key, a remote key itself. */
type ColumnValue<T> = T extends unknown ? ([RemoteOf<T>] extends [never] ? PlainValue<T> : ColumnInput<T>) : never;

type PlainValue<T> = T extends Date
  ? Date
  : T extends Promise<infer U>
    ? ColumnValue<U>
    : T extends readonly (infer U)[]
      ? ColumnValue<U>[]
      : T extends { id: infer I }
        ? { id: I }
        : T;

type Minus1 = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** With `depth`: a relation shows its objects, with the columns and keys of their own. */
type DeepRepr<T, N extends number> = N extends 0
  ? ColumnRepr<T>
  : T extends Promise<infer U>
    ? DeepRepr<U, N>
    : T extends readonly (infer U)[]
      ? U extends { id: unknown }
        ? DeepRepr<U, N>[]
        : ColumnRepr<T>
      : T extends { id: unknown }
        ? Flat<{ -readonly [K in AllColumns<T>]: DeepRepr<T[K], Minus1[N] extends number ? Minus1[N] : 0> }>
        : ColumnRepr<T>;

type IsRelation<T> = Loaded<NonNullable<T>> extends { id: unknown } | readonly { id: unknown }[] ? true : false;

/** A relation that is shown as its objects. */
export interface DeepField<E, K extends keyof E, N extends number> {
  readonly options: { readonly readOnly: true };
  toRepresentation(value: unknown, ctx: Ctx): DeepRepr<E[K], N>;
  toInternalValue(data: unknown, ctx: Ctx): never;
  runValidation(data: unknown, ctx?: Ctx): unknown;
  [ROW]?(row: E): void;
}

/** The field of a column or relation, made from the metadata of the entity. */
export interface ColumnField<E, K extends keyof E, RO, X> {
  readonly options: (K extends RO | 'id' ? { readonly readOnly: true } : NonNullable<unknown>) &
    (null extends E[K] ? { readonly required: false } : NonNullable<unknown>) &
    (K extends keyof X ? X[K] : NonNullable<unknown>);
  toRepresentation(value: unknown, ctx: Ctx): ColumnRepr<E[K]>;
  toInternalValue(data: unknown, ctx: Ctx): ColumnValue<E[K]>;
  runValidation(data: unknown, ctx?: Ctx): unknown;
  [ROW]?(row: E): void;
  readonly [INPUT]?: ColumnInput<E[K]>;
}

/** The fields of a model serializer: declared ones, and columns. */
export type Shape<E, FK extends PropertyKey, D, RO, X, N extends number = 0> = {
  [K in FK]: K extends keyof D
    ? D[K]
    : K extends keyof E
      ? N extends 0
        ? ColumnField<E, K, RO, X>
        : IsRelation<E[K]> extends true
          ? DeepField<E, K, N>
          : ColumnField<E, K, RO, X>
      : never;
};

/** Options of a column's field, by name. */
export interface ColumnKwargs extends FieldOptions {
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly allowBlank?: boolean;
  readonly trimWhitespace?: boolean;
  readonly allowEmpty?: boolean;
  readonly maxDigits?: number | null;
  readonly decimalPlaces?: number | null;
  readonly timeoutMs?: number;
  readonly validateExists?: boolean;
  /** One of these values, whatever the column could hold. */
  readonly choices?: readonly unknown[] | Readonly<Record<string, unknown>>;
  /** The class of the field, where the column does not say enough: `EmailField` for a text. */
  readonly fieldClass?: new (
    // biome-ignore lint/suspicious/noExplicitAny: each class has options of its own
    options: any,
  ) => AnyField;
}

// ---------- serializers

type InstanceOf<T> = T extends abstract new (...args: never[]) => infer I ? I : never;

/** What a serializer, its class or its list shows. */
export type Representation<T> = T extends { readonly data: Promise<infer R> } ? R : Representation1<InstanceOf<T>>;
type Representation1<I> = I extends { readonly data: Promise<infer R> } ? R : never;

/** What a serializer, its class or its list reads out of valid input. */
export type Validated<T> = T extends { readonly validatedData: infer V } ? V : Validated1<InstanceOf<T>>;
type Validated1<I> = I extends { readonly validatedData: infer V } ? V : never;

/** The objects of a serializer. */
export type RowOf<X> = X extends BaseSerializer<infer E, infer _RP, infer _VL, infer _IN> ? E : never;

/** The JSON that a serializer, its class or its list reads. */
export type InputOf<T> = typeof INPUT extends keyof T
  ? Exclude<T[typeof INPUT & keyof T], undefined>
  : T extends { readonly child: infer X }
    ? InputOf<X>[]
    : T extends abstract new (
          ...args: never[]
        ) => infer I
      ? InputOf<I>
      : unknown;
