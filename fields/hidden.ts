/** A value that comes from the code and never from the input. */
import { Field, READ, usage } from './field.js';
import type { Ctx, FieldOptions } from './types.js';

export interface HiddenOptions<T> extends Omit<FieldOptions, 'readOnly' | 'writeOnly' | 'required' | 'allowNull'> {
  /** A value, or a function of the context. */
  readonly default: T | ((ctx: Ctx) => T);
}

/** Adds `default`, a value or a function of the context, to the validated data. Never shown, and not sent by anyone. */
export class HiddenField<T> extends Field<{ readonly writeOnly: true; readonly hidden: true }> {
  static override readonly optionNames: readonly string[] = ['hidden'];

  constructor(options: HiddenOptions<T>) {
    super({ writeOnly: true, hidden: true, ...options } as { writeOnly: true; hidden: true });
    if (this.settings.default === undefined)
      throw usage('HiddenField needs a "default": nothing else gives its value.');
  }

  /** Whatever was sent, the default stands. */
  override [READ](_data: unknown, ctx: Ctx): unknown {
    return super[READ](undefined, ctx);
  }

  override toInternalValue(): T {
    throw new Error('A hidden field reads nothing.');
  }

  override toRepresentation(): never {
    throw new Error('A hidden field shows nothing.');
  }
}
