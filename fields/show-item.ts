/** An item of a list or dictionary as it is shown; a promise where it comes from elsewhere. */
import { RemoteSlot } from './remote.js';
import type { AnyField, Ctx } from './types.js';

export function showItem(child: AnyField, item: unknown, ctx: Ctx): unknown {
  if (item === null || item === undefined) return null;
  const isPlainRemote = child instanceof RemoteSlot && child.toRepresentation === RemoteSlot.prototype.toRepresentation;
  return isPlainRemote ? child.toItem(item, ctx) : child.toRepresentation(item, ctx);
}
