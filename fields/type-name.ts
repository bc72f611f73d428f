/**
 * What a value is called in a message. Django REST framework writes Python's names (`str`, `NoneType`); these are ours:
 *
 * | value | name |
 * |---|---|
 * | `null`, `undefined` | `null`, `undefined` |
 * | a list | `list` |
 * | any other object | `dictionary` |
 * | the rest | what `typeof` says: `string`, `number`, `boolean`, `bigint` |
 */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'dictionary' : typeof value;
}
