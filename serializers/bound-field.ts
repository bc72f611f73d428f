/**
 * A field in its place: its name, where its value lies on a row, and the hook that belongs to it.
 *
 * Errors: `USAGE` for what is no field, and for a source that only repeats the name.
 */
import { usage } from '../fields/field.js';
import { RemoteSlot } from '../fields/remote.js';
import type { AnyField, Ctx, FieldOptions } from '../fields/types.js';
import { preview } from '../lib/errors.js';
import { isPromise } from '../lib/maybe-promise.js';
import type { Definition } from './definition.js';
import type { Target } from './run.js';

export interface BoundField {
  readonly name: string;
  readonly field: AnyField;
  readonly options: FieldOptions;
  /** Empty for the whole object. */
  readonly path: readonly string[];
  /** undefined: there is no such value. */
  readonly get: (row: unknown, ctx: Ctx) => unknown;
  /** The field itself, where its slot is filled by a wave. */
  readonly remote: RemoteSlot | undefined;
  /** Its items are remote fields, which ask one by one. */
  readonly hasRemoteItems: boolean;
  readonly hook: ((value: never, ctx: Ctx) => unknown) | undefined;
}

export function bind({ kind, hooks }: Definition, name: string, field: AnyField): BoundField {
  if (typeof field?.runValidation !== 'function')
    throw usage(`${kind}: "${name}" is not a field but ${preview(field)}.`);
  const options = field.options as FieldOptions;
  const { source } = options;
  if (source === name) throw usage(`${kind}: "${name}" needs no source, as that is its name: leave "source" out.`);
  const path = source === '*' ? [] : source === undefined ? [name] : source.split('.');
  const isPlainRemote = field instanceof RemoteSlot && field.toRepresentation === RemoteSlot.prototype.toRepresentation;
  const validators = hooks.validators ?? {};
  const hook = Object.hasOwn(validators, name) ? validators[name] : undefined;
  const get = readsItself(field)
    ? (row: unknown, ctx: Ctx) => field.readFrom(row as object, name, ctx)
    : getterOf(path);
  const remote = isPlainRemote ? field : undefined;
  return { name, field, options, path, get, remote, hasRemoteItems: hasRemoteItems(field), hook };
}

function hasRemoteItems(field: AnyField): boolean {
  const { child } = field.options as { child?: AnyField };
  return child !== undefined && (child instanceof RemoteSlot || hasRemoteItems(child));
}

type ReadsItself = AnyField & { readFrom(row: object, name: string, ctx: Ctx): unknown };

function readsItself(field: AnyField): field is ReadsItself {
  return typeof (field as { readFrom?: unknown }).readFrom === 'function';
}

/** Reads a dotted path; null on the way there means that there is no value. */
export function getterOf(path: readonly string[]): (row: unknown) => unknown {
  const [first] = path;
  if (first === undefined) return (row) => row;
  if (path.length === 1) return propertyGetter(first);
  const steps = path.map(propertyGetter);
  return (row) => steps.reduce(stepped, row);
}

/** A lazy relation on the way is a promise of what the rest of the path is about. */
function stepped(value: unknown, step: (at: unknown) => unknown): unknown {
  if (value === null || value === undefined) return undefined;
  return isPromise(value) ? value.then((late) => stepped(late, step)) : step(value);
}

/** What every object inherits, such as `constructor`, is no value of a row. A method is called, as its name is a source. */
function propertyGetter(name: string): (row: unknown) => unknown {
  const isInherited = name in Object.prototype;
  return (row) => {
    if (isInherited && !Object.hasOwn(row as object, name)) return undefined;
    const value = (row as Target)[name];
    return typeof value === 'function' ? value.call(row) : value;
  };
}
