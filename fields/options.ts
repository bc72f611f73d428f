/**
 * Options are checked when a field is built, so that a mistake is found where it was made.
 *
 * Shape:  a class with `static optionNames` takes those, the ones of its bases, and no others. A class without it, as
 *         one of your own may be, is not asked.
 * Errors: `USAGE` for unknown options, for required ones that are missing, and for pairs that contradict each other.
 */
import { BgTasksError } from '../lib/errors.js';
import type { FieldOptions } from './types.js';

export function usage(message: string): BgTasksError {
  return new BgTasksError('USAGE', message);
}

export function checkFieldOptions(type: { readonly name: string }, options: FieldOptions): void {
  refuseUnknown(type, options);
  const { readOnly, writeOnly, required } = options;
  const refuse = (one: string, other: string) => usage(`${type.name}: "${one}" and "${other}" contradict each other.`);
  if (readOnly && writeOnly) throw refuse('readOnly', 'writeOnly');
  if (readOnly && required) throw refuse('readOnly', 'required');
  if (required && options.default !== undefined) throw refuse('required', 'default');
}

/** A child stands in no place of its own. */
export function checkChild(name: string, child: { readonly options: unknown } | undefined): void {
  if ((child?.options as FieldOptions | undefined)?.source === undefined) return;
  throw usage(`${name}: its "child" has a "source", which means nothing there. Leave it out.`);
}

function refuseUnknown(type: { readonly name: string }, options: object): void {
  if (!Object.hasOwn(type, 'optionNames')) return;
  const names = optionNamesOf(type);
  const unknown = Object.keys(options).find((name) => !names.has(name));
  if (unknown === undefined) return;
  throw usage(`${type.name} has no option "${unknown}". Its options are: ${[...names].join(', ')}.`);
}

const known = new WeakMap<object, ReadonlySet<string>>();

function optionNamesOf(type: object): ReadonlySet<string> {
  const found = known.get(type);
  if (found) return found;
  const base = Object.getPrototypeOf(type) as object | null;
  const inherited = typeof base === 'function' && base !== Function.prototype ? optionNamesOf(base) : [];
  const own = Object.hasOwn(type, 'optionNames') ? (type as { optionNames: readonly string[] }).optionNames : [];
  const names = new Set([...own, ...inherited]);
  known.set(type, names);
  return names;
}
