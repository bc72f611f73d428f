/**
 * The fields of a class, resolved once on first use: one function that shows a row, one that reads input.
 *
 * Shape:  `represent(row, run)` gives an object at once and leaves the rest to the run; `read(data, ctx)` gives the
 *         values by source, or a promise where a field or hook is asynchronous.
 * Errors: `ValidationError` by field name; `USAGE` for a row that lacks what a field needs.
 */
import { EMPTY, isValidationError, usage } from '../fields/field.js';
import { isPromise, type MaybePromise } from '../fields/maybe-promise.js';
import { isKey, RemoteSlot } from '../fields/remote.js';
import { typeName } from '../fields/type-name.js';
import type { AnyField, Ctx, FieldOptions } from '../fields/types.js';
import { preview } from '../lib/errors.js';
import { type ErrorInput, NON_FIELD_ERRORS, ValidationError } from '../lib/validation-error.js';
import type { Definition } from './definition.js';
import type { RemoteDefaults } from './remote/policy.js';
import { type Run, setOwn, type Target } from './run.js';

export interface Compiled {
  readonly fields: Readonly<Record<string, AnyField>>;
  represent(row: unknown, run: Run, own?: RemoteDefaults): Target;
  read(data: unknown, ctx: Ctx): MaybePromise<Target>;
}

interface BoundField {
  readonly name: string;
  readonly field: AnyField;
  readonly options: FieldOptions;
  /** Empty for the whole object. */
  readonly path: readonly string[];
  /** undefined: there is no such value. */
  readonly get: (row: unknown) => unknown;
  /** The field itself, where its slot is filled by a wave. */
  readonly remote: RemoteSlot | undefined;
  readonly hook: ((value: never, ctx: Ctx) => unknown) | undefined;
}

const compiledDefinitions = new WeakMap<Definition, Compiled>();

export function compiled(definition: Definition): Compiled {
  const known = compiledDefinitions.get(definition);
  if (known) return known;
  const fields = definition.fields();
  const bound = Object.entries(fields).map(([name, field]) => bind(definition, name, field));
  refuseUnknownHooks(definition, fields);
  const made = { fields, represent: representer(definition, bound), read: reader(bound) };
  compiledDefinitions.set(definition, made);
  return made;
}

function bind({ kind, hooks }: Definition, name: string, field: AnyField): BoundField {
  if (typeof field?.runValidation !== 'function')
    throw usage(`${kind}: "${name}" is not a field but ${preview(field)}.`);
  const options = field.options as FieldOptions;
  const source = options.source ?? name;
  const path = source === '*' ? [] : options.source === undefined ? [name] : source.split('.');
  const isPlainRemote = field instanceof RemoteSlot && field.toRepresentation === RemoteSlot.prototype.toRepresentation;
  const validators = hooks.validators ?? {};
  const hook = Object.hasOwn(validators, name) ? validators[name] : undefined;
  const get = readsItself(field) ? (row: unknown) => field.readFrom(row as object) : getter(path);
  return { name, field, options, path, get, remote: isPlainRemote ? field : undefined, hook };
}

function readsItself(field: AnyField): field is AnyField & { readFrom(row: object): unknown } {
  return typeof (field as { readFrom?: unknown }).readFrom === 'function';
}

/** `hooks.validators.nmae` would otherwise never run. */
function refuseUnknownHooks({ kind, hooks }: Definition, fields: Readonly<Record<string, AnyField>>): void {
  const unknown = Object.keys(hooks.validators ?? {}).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) throw usage(`${kind}: "validators.${unknown}" belongs to no field.`);
}

function getter(path: readonly string[]): (row: unknown) => unknown {
  const [first] = path;
  if (first === undefined) return (row) => row;
  if (path.length === 1) return propertyGetter(first);
  const steps = path.map(propertyGetter);
  return (row) =>
    steps.reduce<unknown>((value, step) => (value === null || value === undefined ? undefined : step(value)), row);
}

/** What every object inherits, such as `constructor`, is no value of a row. */
function propertyGetter(name: string): (row: unknown) => unknown {
  if (!(name in Object.prototype)) return (row) => (row as Target)[name];
  return (row) => (Object.hasOwn(row as object, name) ? (row as Target)[name] : undefined);
}

// ---------- showing

/** A plain loop over the fields; whatever replaces it must give the same objects. */
function representer(definition: Definition, all: readonly BoundField[]): Compiled['represent'] {
  const shown = all.filter(({ options }) => !options.writeOnly);
  return (row, run, own) => {
    if (typeof row !== 'object' || row === null) throw usage(`${definition.kind} shows objects, not ${preview(row)}.`);
    const output: Target = {};
    for (const bound of shown) {
      let value = bound.get(row);
      if (value === undefined) {
        value = whenAbsent(definition, bound, run);
        if (value === EMPTY) continue;
      }
      if (bound.remote) showRemote(definition, bound, bound.remote, value, output, run, own);
      else if (value === null) setOwn(output, bound.name, null);
      else if (isPromise(value))
        run.put(
          output,
          bound.name,
          value.then((late) => show(bound, late, run)),
        );
      else run.put(output, bound.name, bound.field.toRepresentation(value, run));
    }
    return output;
  };
}

function show({ field }: BoundField, value: unknown, run: Run): unknown {
  return value === null || value === undefined ? null : field.toRepresentation(value, run);
}

/** undefined means "not loaded": the default, null where null is allowed, or nothing where nothing was promised. */
function whenAbsent({ kind }: Definition, { name, options, path, remote }: BoundField, run: Run): unknown {
  if (options.default !== undefined)
    return typeof options.default === 'function' ? options.default(run) : options.default;
  if (remote || options.allowNull) return null;
  if (options.readOnly || options.required === false) return EMPTY;
  throw usage(
    `${kind}: the object has no "${path.join('.')}" for field "${name}". Load it, or give the field a "default", "allowNull" or "required: false".`,
  );
}

function showRemote(
  { kind }: Definition,
  bound: BoundField,
  field: RemoteSlot,
  value: unknown,
  output: Target,
  run: Run,
  own: RemoteDefaults | undefined,
): void {
  const { name } = bound;
  if (value === null || value === '') {
    setOwn(output, name, null);
    return;
  }
  const isUsable = field.options.many ? Array.isArray(value) : isKey(value);
  if (!isUsable) {
    const needed = field.options.many ? 'a list of keys' : 'a key (a number or a text)';
    throw usage(`${kind}: remote field "${name}" needs ${needed}, not ${preview(value)}.`);
  }
  // JSON has no bigint.
  run.remote(output, name, typeof value === 'bigint' ? String(value) : value, field, bound, own);
}

// ---------- reading

function reader(all: readonly BoundField[]): Compiled['read'] {
  return (data, ctx) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) throw notADictionary(data);
    const attrs: Target = {};
    const errors: [string, ErrorInput][] = [];
    const waiting: Promise<void>[] = [];
    for (const bound of all) {
      const keep = (error: unknown) => {
        if (!isValidationError(error)) throw error;
        errors.push([bound.name, error.errors as ErrorInput]);
      };
      try {
        const value = readOne(bound, data, ctx);
        if (isPromise(value)) waiting.push(value.then((late) => setAt(attrs, bound.path, late), keep));
        else setAt(attrs, bound.path, value);
      } catch (error) {
        keep(error);
      }
    }
    const finish = () => {
      if (errors.length > 0) throw new ValidationError(Object.fromEntries(errors));
      return attrs;
    };
    return waiting.length > 0 ? Promise.all(waiting).then(finish) : finish();
  };
}

function readOne({ name, field, hook, options }: BoundField, data: object, ctx: Ctx): unknown {
  const input = Object.hasOwn(data, name) ? (data as Target)[name] : EMPTY;
  const value = field.runValidation(input, ctx);
  if (!hook || options.readOnly) return value;
  const run = (read: unknown) => (read === EMPTY ? EMPTY : checkedHook(name, hook(read as never, ctx)));
  return isPromise(value) ? value.then(run) : run(value);
}

function checkedHook(name: string, value: unknown): unknown {
  if (isPromise(value)) return value.then((late) => checkedHook(name, late));
  if (value === undefined) throw usage(`"validators.${name}" must give the value back.`);
  return value;
}

/** `['a', 'b']` sets `attrs.a.b`; no path merges an object into `attrs`. */
function setAt(attrs: Target, path: readonly string[], value: unknown): void {
  if (value === EMPTY) return;
  if (path.length === 0) {
    for (const [name, part] of Object.entries(value ?? {})) setOwn(attrs, name, part);
    return;
  }
  let target = attrs;
  for (const step of path.slice(0, -1)) {
    if (!Object.hasOwn(target, step)) setOwn(target, step, {});
    target = target[step] as Target;
  }
  setOwn(target, path.at(-1) as string, value);
}

function notADictionary(data: unknown): ValidationError {
  const message = `Invalid data. Expected a dictionary, but got ${typeName(data)}.`;
  return new ValidationError({ [NON_FIELD_ERRORS]: { message, code: 'invalid' } });
}
