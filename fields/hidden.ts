/** A value that comes from the code and never from the input. */
import { Field } from './field.js';
import type { Ctx } from './types.js';

/** Adds `default`, a value or a function of the context, to the validated data. Never shown, and not sent by anyone. */
export class HiddenField<T> extends Field<{ readonly writeOnly: true; readonly hidden: true }> {
  constructor(options: { readonly default: T | ((ctx: Ctx) => T) }) {
    super({ writeOnly: true, hidden: true, ...options } as { writeOnly: true; hidden: true });
  }

  /** Whatever was sent, the default stands. */
  override runValidation(_data: unknown, ctx?: Ctx): unknown {
    return super.runValidation(undefined, ctx);
  }

  override toInternalValue(): T {
    throw new Error('A hidden field reads nothing.');
  }

  override toRepresentation(): never {
    throw new Error('A hidden field shows nothing.');
  }
}
