/**
 * The fields of a class as one function that reads input.
 *
 * Shape:  `read(data, scopes)` gives the values by source, or a promise where a field or hook is asynchronous. Fields
 *         that are read-only take no part: their input is ignored, and so is their default.
 * Errors: `ValidationError` by field name, with the errors of all fields.
 */
import { EMPTY, isValidationError, usage } from '../fields/field.js';
import { isPromise, type MaybePromise } from '../fields/maybe-promise.js';
import { type ReadAtOnce, readerAtOnce } from '../fields/read-at-once.js';
import { refusal } from '../fields/refusal.js';
import { typeName } from '../fields/type-name.js';
import type { Ctx } from '../fields/types.js';
import { type ErrorTree, ValidationError } from '../lib/validation-error.js';
import type { BoundField } from './bound-field.js';
import { type GeneratedReader, generateReader } from './generate.js';
import { messageOf } from './messages.js';
import { setOwn, type Target } from './run.js';

/** `scopes` are those of `written(all)`, in the same order. */
export type Read = (data: object, scopes: readonly Ctx[]) => MaybePromise<Target>;

/** The fields that take input. */
export function written(all: readonly BoundField[]): readonly BoundField[] {
  return all.filter(({ options }) => !options.readOnly);
}

export function reader(all: readonly BoundField[]): Read {
  const fields = written(all);
  const atOnce = fields.map((bound) => (canReadAtOnce(bound) ? readerAtOnce(bound.field) : undefined));
  const readPlain = wholeAtOnce(fields, atOnce);
  return (data, scopes) => {
    const plain = readPlain?.(data);
    if (plain !== undefined) return plain;
    const results = new Results(fields);
    const waiting: Promise<void>[] = [];
    for (let i = 0; i < fields.length; i++) {
      const bound = fields[i] as BoundField;
      try {
        const value = readOne(bound, atOnce[i], data, scopes[i] as Ctx);
        if (isPromise(value)) waiting.push(results.whenRead(i, value));
        else results.values[i] = value;
      } catch (error) {
        results.refuse(i, error);
      }
    }
    return waiting.length > 0 ? Promise.all(waiting).then(() => results.attrs()) : results.attrs();
  };
}

/** What the fields gave, each at its own place: values and errors come in the order of the fields, whenever they came. */
class Results {
  readonly values: unknown[];
  readonly #errors: (ErrorTree | undefined)[] = [];
  #isRefused = false;

  constructor(readonly fields: readonly BoundField[]) {
    this.values = new Array(fields.length).fill(EMPTY);
  }

  whenRead(i: number, value: Promise<unknown>): Promise<void> {
    return value.then(
      (late) => {
        this.values[i] = late;
      },
      (error) => this.refuse(i, error),
    );
  }

  /** Whatever is no refusal of the input is thrown on. */
  refuse(i: number, error: unknown): void {
    if (!isValidationError(error)) throw error;
    if (Object.keys(error.errors).length === 0) return;
    this.#errors[i] = error.errors;
    this.#isRefused = true;
  }

  attrs(): Target {
    const attrs: Target = {};
    for (let i = 0; i < this.fields.length; i++) {
      try {
        setAt(attrs, (this.fields[i] as BoundField).path, this.values[i]);
      } catch (error) {
        this.refuse(i, error);
      }
    }
    if (this.#isRefused) throw refusal(this.#tree());
    return attrs;
  }

  #tree(): ErrorTree {
    const entries = this.fields.flatMap(({ name }, i) => {
      const errors = this.#errors[i];
      return errors ? [[name, errors] as const] : [];
    });
    return Object.fromEntries(entries);
  }
}

/** Reads input in which every field is sent and ordinary, as one object literal; where every field allows that. */
function wholeAtOnce(
  fields: readonly BoundField[],
  atOnce: readonly (ReadAtOnce | undefined)[],
): GeneratedReader | undefined {
  const isCertain = fields.every(({ name }, i) => atOnce[i] && !(name in Object.prototype));
  if (!isCertain) return undefined;
  const places = fields.map(({ name, path }) => ({ name, property: path[0] as string }));
  if (new Set(places.map(({ property }) => property)).size < places.length) return undefined;
  return generateReader(places, atOnce as readonly ReadAtOnce[]);
}

/** Where the value goes by its own name, with no hook in between. `__proto__` is no ordinary property. */
function canReadAtOnce({ path, hook, name }: BoundField): boolean {
  return path.length === 1 && hook === undefined && name !== '__proto__' && path[0] !== '__proto__';
}

function readOne({ name, field, hook }: BoundField, atOnce: ReadAtOnce | undefined, data: object, ctx: Ctx): unknown {
  const input = Object.hasOwn(data, name) ? (data as Target)[name] : EMPTY;
  const ordinary = atOnce?.(input);
  if (ordinary !== undefined && ordinary !== EMPTY) return ordinary;
  const value = field.runValidation(input, ctx);
  if (!hook) return value;
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
    if (typeof value !== 'object' || Array.isArray(value)) throw notMergeable(value);
    for (const [name, part] of Object.entries(value ?? {})) setOwn(attrs, name, part);
    return;
  }
  let target = attrs;
  for (const step of path.slice(0, -1)) {
    const isObject = Object.hasOwn(target, step) && typeof target[step] === 'object' && target[step] !== null;
    // Another field may have put null there, which cannot hold the value.
    if (!isObject) setOwn(target, step, {});
    target = target[step] as Target;
  }
  setOwn(target, path.at(-1) as string, value);
}

/** With `source: '*'` the parts of a value become values of the whole, so it must have parts. */
function notMergeable(value: unknown): ValidationError {
  return new ValidationError(messageOf('invalid', { datatype: typeName(value) }));
}
