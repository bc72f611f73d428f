/** How deep a value of unknown shape may be: deeper ones could exhaust the stack of whoever walks them. */

export const MAX_DEPTH = 500;

/** True where nothing lies more than `depth` lists and objects deep. */
export function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isWithin(item, depth - 1));
  for (const key in value) {
    if (!isWithin((value as Record<string, unknown>)[key], depth - 1)) return false;
  }
  return true;
}
