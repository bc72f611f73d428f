/** What is inferred of fields whose JSON input is neither what they give nor what they show. Types alone. */
import type { OptionsOf, ReprOfField, ValidOfField } from './types.js';

/** Never there at run time: the property that carries the type of a field's JSON input, where it needs saying. */
export declare const INPUT: unique symbol;

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

type Nullable<T, P> = P extends { readonly allowNull: true } ? T | null : T;

/** What JSON a field reads: what it says, else what it gives where that is JSON, else what it shows. */
export type InputOfField<F> = typeof INPUT extends keyof F
  ? Nullable<Exclude<F[typeof INPUT & keyof F], undefined>, OptionsOf<F>>
  : [ValidOfField<F>] extends [Json]
    ? ValidOfField<F>
    : ReprOfField<F>;
