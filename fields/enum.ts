/** A value of a TypeScript enum. */
import { ChoiceBase } from './choice-base.js';
import { usage } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

/** `enum Status { ... }` at run time, or an object such as `{ Draft: 'draft' } as const`. */
export type EnumLike = Readonly<Record<string, string | number>>;

export interface EnumOptions extends FieldOptions {
  /** Whether `''` is a value. Default: false. */
  readonly allowBlank?: boolean;
}

/** Reads one of the values of `enum`, never a name; they are compared as texts, so `'1'` reads the value `1`. */
export class EnumField<const E extends EnumLike, const P extends EnumOptions = NoOptions> extends ChoiceBase<
  P & { readonly enum: E }
> {
  static override readonly optionNames: readonly string[] = ['enum'];

  constructor(options: P & { readonly enum: E }) {
    super(options, enumValues(options?.enum));
  }

  override toInternalValue(data: unknown): E[keyof E] {
    return this.readChoice(data) as E[keyof E];
  }

  override toRepresentation(value: unknown): E[keyof E] {
    return this.showChoice(value) as E[keyof E];
  }
}

/** A numeric enum has its names by value as well: `{ Draft: 0, 0: 'Draft' }`. */
export function enumValues(type: EnumLike | undefined): readonly (string | number)[] {
  if (typeof type !== 'object' || type === null) throw usage('EnumField needs "enum", a TypeScript enum.');
  const names = Object.keys(type).filter((name) => !isReverse(type, name));
  return names.map((name) => type[name] as string | number);
}

function isReverse(type: EnumLike, name: string): boolean {
  const value = type[name];
  return typeof value === 'string' && type[value] === Number(name) && String(Number(name)) === name;
}
