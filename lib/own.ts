/** Objects whose keys come from outside. */

/** Assigns an own property, also one named `__proto__`. */
export function setOwn(target: Record<PropertyKey, unknown>, property: PropertyKey, value: unknown): void {
  if (property !== '__proto__') target[property] = value;
  else Object.defineProperty(target, property, { value, writable: true, enumerable: true, configurable: true });
}
