/**
 * Functions made once per class as JavaScript text, each with one object literal: an engine gives every object that it
 * makes the same shape, and reads plain columns inline.
 *
 * Shape:  `generate` shows a row. What a slot does with an ordinary value stands in the text; for all else it asks
 *         `show`, which does what the loop in `represent.ts` does. `generateReader` reads input; for values that
 *         are not ordinary it asks the field. Undefined where making code from text is not allowed: then loops do it all.
 */
import { EMPTY } from '../fields/field.js';
import type { ReadAtOnce } from '../fields/read-at-once.js';
import type { ShownAs } from '../fields/shown-as.js';
import type { Ctx } from '../fields/types.js';
import type { RemoteDefaults } from './remote/policy.js';
import type { Run, Target } from './run.js';
import type { Verdict } from './validation.js';

/** A slot of the object that is made. */
export interface Slot {
  readonly name: string;
  /** The property of the row whose ordinary values are shown inline; undefined where `show` is asked each time. */
  readonly inline: { readonly property: string; readonly shownAs: ShownAs } | undefined;
  /** Its value comes with a wave. */
  readonly isRemote: boolean;
}

export interface Questions {
  /** What stands for a row that is none: null for nothing at all; all else is a mistake. */
  noObject(row: unknown): null;
  /** What stands in the slot for now. */
  show(index: number, row: unknown, run: Run, own?: RemoteDefaults): unknown;
  /** Shows a date, at once. */
  date(index: number, value: Date, run: Run): unknown;
  /** Leaves the key of a remote field, and records the site. */
  remote(index: number, row: unknown, output: Target, run: Run, own?: RemoteDefaults): void;
  /** Whether what `show` gave cannot stay: a promise, or no value. */
  isLate(value: unknown): boolean;
  /** Takes such values out, and hands promises to the run. */
  settle(output: Target, run: Run): void;
}

export interface Represent {
  /** At once; what comes later is left to the run. Null for null. */
  one(row: unknown, run: Run, own?: RemoteDefaults): Target | null;
  /** The same for each row: as code of its own it takes half the time of a loop that all classes share. */
  all(rows: readonly unknown[], run: Run, own?: RemoteDefaults): (Target | null)[];
}

export function generate(slots: readonly Slot[], questions: Questions): Represent | undefined {
  return made('questions', textOf(slots), questions) as Represent | undefined;
}

/** `scopes` are asked for where a field must be. */
export type Read = (data: object, scopes: () => readonly Ctx[]) => Verdict<Target>;

export interface Place {
  /** In the input. */
  readonly name: string;
  /** Among the values. */
  readonly property: string;
  /** Gives `EMPTY` where the field must be asked; undefined where it is asked each time. */
  readonly read: ReadAtOnce | undefined;
}

export interface Readers {
  /** What the field gives, or what refuses its input. */
  ask(index: number, data: object, scopes: () => readonly Ctx[]): unknown;
  /** Whether what a field gave can stand in the whole as it is. */
  isValue(given: unknown): boolean;
  /** Makes the whole of what all fields gave, where not each is a value. */
  whole(given: readonly unknown[]): Verdict<Target>;
  /** Reads data that is no plain object. */
  readonly any: Read;
}

/** No name may be one that every object inherits: only then is what a plain object answers its own. */
export function generateReader(places: readonly Place[], readers: Readers): Read | undefined {
  const each = (write: (place: Place, i: number) => string) => places.map(write);
  const source = `'use strict';
    const { at: [${each((_, i) => `read${i}`).join(', ')}], ask, isValue, whole, any, EMPTY } = given;
    const ordinary = Object.prototype;
    return function read(data, scopes) {
      if (Object.getPrototypeOf(data) !== ordinary) return any(data, scopes);
      let isWhole = true;
      ${each(valueRead).join('\n      ')}
      if (!isWhole) return whole([${each((_, i) => `v${i}`).join(', ')}]);
      return { ${each(({ property }, i) => `${key(property)}: v${i}`).join(', ')} };
    };`;
  return made('given', source, { at: places.map(({ read }) => read), ...readers, EMPTY }) as Read | undefined;
}

function valueRead({ name, read }: Place, i: number): string {
  const asked = `v${i} = ask(${i}, data, scopes); isWhole &&= isValue(v${i});`;
  if (!read) return `let ${asked}`;
  return `let v${i} = read${i}(data[${text(name)}]); if (v${i} === EMPTY) { ${asked} }`;
}

function made(parameter: string, source: string, argument: object): unknown {
  try {
    return new Function(parameter, source)(argument);
  } catch (error) {
    if (error instanceof EvalError) return undefined; // --disallow-code-generation-from-strings, a content policy
    throw error;
  }
}

function textOf(slots: readonly Slot[]): string {
  const reads = slots.flatMap(({ inline }, i) => (inline ? [`const v${i} = row[${text(inline.property)}];`] : []));
  const entries = slots.map((slot, i) => `${key(slot.name)}: ${value(slot, i)},`);
  const unsure = slots.filter(({ inline, isRemote }) => !inline && !isRemote);
  const lateness = ['late', ...unsure.map(({ name }) => `isLate(output[${text(name)}])`)].join(' || ');
  const remotes = slots.flatMap(({ isRemote }, i) => (isRemote ? [`remote(${i}, row, output, run, own);`] : []));
  return `'use strict';
    const { noObject, show, date, remote, isLate, settle } = questions;
    function one(row, run, own) {
      if (typeof row !== 'object' || row === null) return noObject(row);
      let late = false;
      ${reads.join('\n      ')}
      const output = {
        ${entries.join('\n        ')}
      };
      if (${lateness}) settle(output, run);
      ${remotes.join('\n      ')}
      return output;
    }
    function all(rows, run, own) {
      const list = new Array(rows.length);
      for (let i = 0; i < rows.length; i++) list[i] = one(rows[i], run, own);
      return list;
    }
    return { one, all };`;
}

/** In a literal, a plain `__proto__` would set the prototype. */
function key(name: string): string {
  return name === '__proto__' ? `[${text(name)}]` : text(name);
}

function value({ inline, isRemote }: Slot, i: number): string {
  if (isRemote) return 'null';
  if (!inline) return `show(${i}, row, run, own)`;
  const otherwise = `v${i} === null ? null : (late = true, show(${i}, row, run, own))`;
  if (inline.shownAs === 'date') return `v${i} instanceof Date ? date(${i}, v${i}, run) : ${otherwise}`;
  // `| 0` makes 0 of -0.
  if (inline.shownAs === 'integer')
    return `typeof v${i} === 'number' && (v${i} | 0) === v${i} ? v${i} | 0 : ${otherwise}`;
  return `typeof v${i} === '${inline.shownAs}' ? v${i} : ${otherwise}`;
}

/** As a JavaScript text: JSON is one, for every name. */
function text(name: string): string {
  return JSON.stringify(name);
}
