/**
 * The body of a key request: `RemoteField` writes it, `provide` reads it.
 *
 * Shape:  `[1, 2]`, or `{ ids: [1, 2], fields?: [...], params?: {...} }`; `{ kwargs: { pks: [1, 2] } }` is read too,
 *         as bgtasks (Python) 0.0.19 and 0.0.20 sent it.
 * Errors: `readRequest` throws a `ValidationError` shaped like the body.
 */
import { preview } from '../errors.js';
import type { Key } from '../tasks/remotes.js';
import { ValidationError } from '../validation-error.js';

export interface RemoteRequest {
  readonly keys: readonly Key[];
  /** Properties that the caller wants; undefined means all. */
  readonly fields?: readonly string[] | undefined;
  /** Anything else that the provider should know. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** A bare list unless there is more to say; `key` names the property of the keys, where the provider wants one. */
export function writeRequest(request: RemoteRequest, key?: string): unknown {
  const { keys, fields, params } = request;
  if (key === undefined && fields === undefined && params === undefined) return keys;
  return { [key ?? 'ids']: keys, ...(fields && { fields }), ...(params && { params }) };
}

export function readRequest(body: unknown, maxKeys: number): RemoteRequest {
  if (Array.isArray(body)) return { keys: readKeys(body, maxKeys) };
  if (typeof body !== 'object' || body === null) {
    throw new ValidationError(`Expected a list of keys or an object with "ids", but got ${preview(body)}.`);
  }
  const { ids, fields, params, kwargs } = body as Record<string, unknown>;
  const keys = ids ?? (kwargs as { pks?: unknown } | undefined)?.pks;
  return {
    keys: readKeys(keys, maxKeys),
    fields: fields === undefined ? undefined : readFields(fields),
    params: params === undefined ? undefined : readParams(params),
  };
}

function readKeys(keys: unknown, maxKeys: number): readonly Key[] {
  if (!Array.isArray(keys)) throw new ValidationError({ ids: `Expected a list of keys, but got ${preview(keys)}.` });
  if (keys.length > maxKeys) {
    throw new ValidationError({ ids: `Ensure this list has no more than ${maxKeys} keys; it has ${keys.length}.` });
  }
  const wrong = keys.findIndex((key) => typeof key !== 'string' && !Number.isFinite(key));
  if (wrong >= 0) {
    throw new ValidationError({
      ids: { [wrong]: `Incorrect type. Expected a number or a string, but got ${preview(keys[wrong])}.` },
    });
  }
  return keys as Key[];
}

function readFields(fields: unknown): readonly string[] {
  if (Array.isArray(fields) && fields.every((field) => typeof field === 'string')) return fields;
  throw new ValidationError({ fields: `Expected a list of names, but got ${preview(fields)}.` });
}

function readParams(params: unknown): Readonly<Record<string, unknown>> {
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params as Record<string, unknown>;
  throw new ValidationError({ params: `Expected an object, but got ${preview(params)}.` });
}
