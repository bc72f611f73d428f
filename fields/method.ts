/** A value that is worked out from the whole object. */
import { Field, usage } from './field.js';
import type { Ctx, ROW } from './types.js';

/** `new MethodField((user, { context }) => ...)`: shows what the function gives; a promise of it is awaited. */
export class MethodField<Row, T> extends Field<{ readonly readOnly: true }> {
  readonly #show: (row: Row, ctx: Ctx) => T;

  declare readonly [ROW]?: (row: Row) => void;

  constructor(show: (row: Row, ctx: Ctx) => T) {
    super({ readOnly: true, source: '*' } as { readOnly: true });
    if (typeof show !== 'function') throw usage('MethodField needs the function that gives its value.');
    this.#show = show;
  }

  override toInternalValue(): never {
    throw new Error('A method field reads nothing.');
  }

  override toRepresentation(row: Row, ctx: Ctx): T {
    return this.#show(row, ctx);
  }
}
