/**
 * What keys are compared by: equal for keys of equal text, as one service's `5` is another's `"5"`.
 *
 * UUIDs are the same in upper case; a key of several properties is an object, in any order of its properties.
 * A number where the text is that of one: a `Map` finds numbers several times as fast as texts made for the purpose.
 */
export type KeyId = string | number;

const ZERO = 48;
const NINE = 57;

export function keyId(key: unknown): KeyId {
  if (typeof key === 'number') return key;
  if (typeof key === 'object' && key !== null) return compositeId(key as Readonly<Record<string, unknown>>);
  const text = String(key);
  if (text.length === 36 && UUID.test(text)) return text.toLowerCase();
  const last = text.charCodeAt(text.length - 1);
  if (last < ZERO || last > NINE) return text; // most texts that are no number, without trying
  const number = Number(text);
  return String(number) === text ? number : text;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Names and parts in JSON, so that no two keys share it, whatever characters they have. */
function compositeId(key: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(key).sort();
  return JSON.stringify(names.map((name) => [name, String(keyId(key[name]))]));
}
