/**
 * The fields of a class as one function that shows a row.
 *
 * Shape:  `represent(row, run)` gives an object at once and leaves the rest to the run. Made as code (`generate.ts`), or a
 *         loop where that is not allowed: both ask the same questions.
 * Errors: `USAGE` for a row that lacks what a field needs.
 */
import { EMPTY, usage } from '../fields/field.js';
import type { RemoteSlot } from '../fields/remote.js';
import { shownAs } from '../fields/shown-as.js';
import { preview } from '../lib/errors.js';
import { isPromise } from '../lib/maybe-promise.js';
import type { BoundField } from './bound-field.js';
import { generate, type Questions, type Represent, type Slot } from './generate.js';
import type { RemoteDefaults } from './remote/policy.js';
import { type Run, setOwn, type Target } from './run.js';
import { Scope } from './scope.js';

export function representer(kind: string, all: readonly BoundField[]): Represent {
  const shown = all.filter(({ options }) => !options.writeOnly);
  const questions = questionsOf(kind, shown);
  return generate(shown.map(slotOf), questions) ?? loop(shown, questions);
}

/** Without code made from text: slower, with the same objects. */
export function loop(shown: readonly BoundField[], { noObject, show, remote, isLate, settle }: Questions): Represent {
  const one: Represent['one'] = (row, run, own) => {
    if (typeof row !== 'object' || row === null) return noObject(row);
    const output: Target = {};
    let late = false;
    for (let i = 0; i < shown.length; i++) {
      const { name, remote: isRemote } = shown[i] as BoundField;
      const value = isRemote ? null : show(i, row, run, own);
      setOwn(output, name, value);
      late ||= isLate(value);
    }
    if (late) settle(output, run);
    for (let i = 0; i < shown.length; i++) if (shown[i]?.remote) remote(i, row, output, run, own);
    return output;
  };
  return { one, all: (rows, run, own) => rows.map((row) => one(row, run, own)) };
}

function slotOf({ name, field, path, remote }: BoundField): Slot {
  const [property] = path;
  const kind = shownAs(field);
  // What is no plain column is asked for: dotted paths, and names that every object inherits.
  const isPlain = path.length === 1 && property !== undefined && !(property in Object.prototype);
  const inline = isPlain && kind !== undefined && !('readFrom' in field) ? { property, shownAs: kind } : undefined;
  return { name, inline, isRemote: remote !== undefined };
}

function questionsOf(kind: string, shown: readonly BoundField[]): Questions {
  const at = (i: number) => shown[i] as BoundField;
  return {
    noObject: (row) => {
      if (row === null || row === undefined) return null;
      throw usage(`${kind} shows objects, not ${preview(row)}.`);
    },
    show: (i, row, run, own) => {
      const value = showOne(kind, at(i), row, run, own);
      // Where a later slot throws, nobody waits for this one any more: its rejection must not end the process.
      if (isPromise(value)) value.then(undefined, () => {});
      return value;
    },
    date: (i, value, run) => at(i).field.toRepresentation(value, run),
    remote: (i, row, output, run, own) => showRemote(kind, at(i), row, output, run, own),
    isLate: (value) => value === EMPTY || isPromise(value),
    settle: (output, run) => {
      for (const { name } of shown) {
        const value = output[name];
        if (value === EMPTY) delete output[name];
        else if (isPromise(value)) run.put(output, name, value);
      }
    },
  };
}

function showOne(kind: string, bound: BoundField, row: unknown, run: Run, own: RemoteDefaults | undefined): unknown {
  let value = bound.get(row, run);
  if (value === undefined) {
    value = whenAbsent(kind, bound, run);
    if (value === EMPTY) return EMPTY;
  }
  return isPromise(value) ? value.then((late) => shown(bound, late, run, own)) : shown(bound, value, run, own);
}

function shown(bound: BoundField, value: unknown, run: Run, own: RemoteDefaults | undefined): unknown {
  if (value === null || value === undefined) return null;
  const { name, field, hasRemoteItems } = bound;
  return field.toRepresentation(value, hasRemoteItems ? new Scope(run, null, name, undefined, own) : run);
}

/** undefined means "not loaded": the default, null where null is allowed, or nothing where nothing was promised. */
function whenAbsent(kind: string, { name, options, path, remote }: BoundField, run: Run): unknown {
  const { default: value } = options;
  if (value !== undefined && run.partial) return EMPTY;
  if (value !== undefined) return typeof value === 'function' ? value(run) : value;
  // A column may be left out of a row; rows that were not loaded would be shown as none.
  if ((remote && remote.options.remoteField === undefined) || options.allowNull) return null;
  if (options.readOnly || options.required === false) return EMPTY;
  throw usage(
    `${kind}: the object has no "${path.join('.')}" for field "${name}". Load it, or give the field a "default", "allowNull" or "required: false".`,
  );
}

function showRemote(
  kind: string,
  bound: BoundField,
  row: unknown,
  output: Target,
  run: Run,
  own: RemoteDefaults | undefined,
): void {
  const { name } = bound;
  let value = bound.get(row, run);
  if (value === undefined) value = whenAbsent(kind, bound, run);
  if (value === EMPTY) {
    delete output[name];
    return;
  }
  if (isPromise(value)) putLateKey(kind, bound, value, output, run, own);
  else putKey(kind, bound, value, output, run, own);
}

/** On its own, as a function with a closure in it makes a context at every call. */
function putLateKey(
  kind: string,
  bound: BoundField,
  value: Promise<unknown>,
  output: Target,
  run: Run,
  own: RemoteDefaults | undefined,
): void {
  run.put(output, bound.name, value, (target, late) => putKey(kind, bound, late ?? null, target, run, own));
}

/** Leaves the key in the slot, and records the site; null where there is none. */
function putKey(
  kind: string,
  bound: BoundField,
  value: unknown,
  output: Target,
  run: Run,
  own: RemoteDefaults | undefined,
): void {
  const { name } = bound;
  const field = bound.remote as RemoteSlot;
  const slot = value === null || value === '' ? null : field.toSlot(value);
  if (slot === undefined) {
    throw usage(`${kind}: remote field "${name}" needs ${needed(field)}, not ${preview(value)}.`);
  }
  if (slot === null) setOwn(output, name, null);
  else run.remote(output, name, slot, field, bound, own);
}

function needed({ isMany, keys: { names }, options: { remoteField } }: RemoteSlot): string {
  if (remoteField !== undefined) return `a list of rows with their keys in "${remoteField}"`;
  const parts = names.map((each) => `"${each}"`).join(', ');
  const one = names.length === 1 ? 'a key (a number or a text)' : `a key (an object with ${parts})`;
  return isMany ? 'a list of keys' : one;
}
