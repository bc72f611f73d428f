/** A copy of what JSON can say, so that whoever changes it changes nobody else's. */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const part = copyJson((value as Record<string, unknown>)[name]);
    if (name !== '__proto__') copy[name] = part;
    else Object.defineProperty(copy, name, { value: part, writable: true, enumerable: true, configurable: true });
  }
  return copy as T;
}
