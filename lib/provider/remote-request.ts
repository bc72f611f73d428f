/**
 * The body of a key request: `RemoteField` writes it, `provide` reads it.
 *
 * Shape:  `[1, 2]`, or `{ ids: [1, 2], fields?: [...], params?: {...} }`; `{ kwargs: { pks: [1, 2] } }` is read too,
 *         as bgtasks (Python) 0.0.19 and 0.0.20 sent it. A key of several properties is an object or a tuple of them.
 * Errors: `readRequest` throws a `ValidationError` shaped like the body.
 */
import { preview } from '../errors.js';
import { ValidationError } from '../validation-error.js';
import type { AnyKey, KeyForm } from './remote-key.js';

export interface RemoteRequest {
  readonly keys: readonly AnyKey[];
  /** Properties that the caller wants; undefined means all. */
  readonly fields?: readonly string[] | undefined;
  /** Anything else that the provider should know. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

export interface ReadOptions {
  readonly maxKeys: number;
  readonly form: KeyForm;
  /** Another name for `ids`, as some caller may have it. */
  readonly key?: string | undefined;
}

/** A bare list unless there is more to say; `key` names the property of the keys, where the provider wants one. */
export function writeRequest(request: RemoteRequest, key?: string): unknown {
  const { keys, fields, params } = request;
  if (key === undefined && fields === undefined && params === undefined) return keys;
  return { [key ?? 'ids']: keys, ...(fields && { fields }), ...(params && { params }) };
}

export function readRequest(body: unknown, options: ReadOptions): RemoteRequest {
  if (Array.isArray(body)) return { keys: readKeys(body, options) };
  if (typeof body !== 'object' || body === null) {
    throw new ValidationError(`Expected a list of keys or an object with "ids", but got ${preview(body)}.`);
  }
  const fields = own(body, 'fields');
  const params = own(body, 'params');
  const named = options.key === undefined ? undefined : own(body, options.key);
  return {
    keys: readKeys(named ?? own(body, 'ids') ?? own(own(body, 'kwargs'), 'pks'), options),
    fields: fields === undefined ? undefined : readFields(fields),
    params: params === undefined ? undefined : readParams(params),
  };
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function readKeys(keys: unknown, { maxKeys, form }: ReadOptions): readonly AnyKey[] {
  if (!Array.isArray(keys)) throw new ValidationError({ ids: `Expected a list of keys, but got ${preview(keys)}.` });
  if (keys.length > maxKeys) {
    throw new ValidationError({ ids: `Ensure this list has no more than ${maxKeys} keys; it has ${keys.length}.` });
  }
  return keys.map((key, index) => form.of(key) ?? refuseKey(key, index, form));
}

function refuseKey(key: unknown, index: number, { names }: KeyForm): never {
  const expected = names.length === 1 ? 'a number or a string' : `an object with ${names.join(', ')}`;
  throw new ValidationError({ ids: { [index]: `Incorrect type. Expected ${expected}, but got ${preview(key)}.` } });
}

function readFields(fields: unknown): readonly string[] {
  if (Array.isArray(fields) && fields.every((field) => typeof field === 'string')) return fields;
  throw new ValidationError({ fields: `Expected a list of names, but got ${preview(fields)}.` });
}

function readParams(params: unknown): Readonly<Record<string, unknown>> {
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params as Record<string, unknown>;
  throw new ValidationError({ params: `Expected an object, but got ${preview(params)}.` });
}
