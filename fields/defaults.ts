/** Defaults that depend on what the serializer does. */
import { EMPTY } from './field.js';
import type { Ctx } from './types.js';

/** Stands for a value that was not sent, when an object is created; an update leaves what is there. */
export function createOnlyDefault<const T>(value: T | ((ctx: Ctx) => T)): (ctx: Ctx) => T {
  return (ctx) => {
    // `EMPTY` sets no value, so that the type of the values stays `T`.
    if (ctx.instance !== undefined && ctx.instance !== null) return EMPTY as T;
    return typeof value === 'function' ? (value as (ctx: Ctx) => T)(ctx) : value;
  };
}
