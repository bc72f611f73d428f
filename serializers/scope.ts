/**
 * What a field sees of the serializer that reads it: its own `Ctx` in a run, with its name.
 *
 * Shape:  a serializer makes one scope for each of its fields and one for itself, once per run, however many rows it
 *         reads. A field that was called outside of a serializer has a plain `Ctx` and no run.
 */
import type { Ctx } from '../fields/types.js';
import type { RemoteDefaults } from './remote/policy.js';
import { Run } from './run.js';

export class Scope implements Ctx {
  readonly context: Record<string, unknown>;
  readonly instance: unknown;
  readonly partial: boolean;

  constructor(
    readonly run: Run,
    /** The row that this very serializer updates; null below the root, where only `instance` is known. */
    readonly row: unknown,
    /** undefined for the serializer itself. */
    readonly fieldName?: string,
    /** Where the value of the field stands, where that is one property. */
    readonly property?: string,
    /** Defaults of the class for its remote fields. */
    readonly remote?: RemoteDefaults,
  ) {
    this.context = run.context;
    this.instance = run.instance;
    this.partial = run.partial;
  }
}

/** The run behind what a field was given. */
export function runOf(ctx: Ctx): Run | undefined {
  if (ctx instanceof Run) return ctx;
  return ctx instanceof Scope ? ctx.run : undefined;
}
