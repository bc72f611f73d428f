/**
 * The fields of a class, resolved once on first use: one function that shows a row, one that reads input.
 *
 * Errors: `USAGE` for what is no field, and for hooks that would never run.
 */
import { usage } from '../fields/field.js';
import type { AnyField, Ctx, Validator } from '../fields/types.js';
import { type BoundField, bind } from './bound-field.js';
import type { Definition } from './definition.js';
import type { Read, Represent } from './generate.js';
import { reader, written } from './read.js';
import type { RemoteDefaults } from './remote/policy.js';
import { representer } from './represent.js';
import type { Run, Target } from './run.js';
import { Scope } from './scope.js';

export interface Compiled {
  readonly fields: Readonly<Record<string, AnyField>>;
  readonly bound: readonly BoundField[];
  readonly represent: Represent;
  readonly read: Read;
  /** Of the whole: those given, else those that follow from the model. */
  readonly validators: readonly Validator[];
  /** One for each field that is read, in their order. */
  scopes(run: Run, row: unknown, remote?: RemoteDefaults): readonly Ctx[];
  /** The values with the defaults of read-only fields below them: what validators of the whole see, and nobody stores. */
  withReadOnlyDefaults(attrs: Target, ctx: Ctx): Target;
}

const compiledDefinitions = new WeakMap<Definition, Compiled>();

export function compiled(definition: Definition): Compiled {
  const known = compiledDefinitions.get(definition);
  if (known) return known;
  const fields = definition.fields();
  const bound = Object.entries(fields).map(([name, field]) => bind(definition, name, field));
  refuseUnknownHooks(definition, fields);
  const places = written(bound).map(({ name, path }) => [name, path.length === 1 ? path[0] : undefined] as const);
  const made: Compiled = {
    fields,
    bound,
    represent: representer(definition.kind, bound),
    read: reader(bound),
    validators: definition.hooks.serializerValidators ?? definition.derivedValidators?.(fields) ?? [],
    scopes: (run, row, remote) => places.map(([name, property]) => new Scope(run, row, name, property, remote)),
    withReadOnlyDefaults: readOnlyDefaults(bound),
  };
  compiledDefinitions.set(definition, made);
  return made;
}

/** `hooks.validators.nmae` would otherwise never run. */
function refuseUnknownHooks({ kind, hooks }: Definition, fields: Readonly<Record<string, AnyField>>): void {
  const unknown = Object.keys(hooks.validators ?? {}).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) throw usage(`${kind}: "validators.${unknown}" belongs to no field.`);
}

function readOnlyDefaults(all: readonly BoundField[]): Compiled['withReadOnlyDefaults'] {
  const fields = all.filter(
    ({ options, path }) => options.readOnly && options.default !== undefined && path.length === 1,
  );
  return (attrs, ctx) => {
    if (fields.length === 0 || ctx.partial) return attrs;
    const all: Target = {};
    for (const { options, path } of fields) {
      const { default: value } = options;
      const made = typeof value === 'function' ? value(ctx) : value;
      // `EMPTY` is a symbol: a default for new rows alone, while one is updated.
      if (typeof made !== 'symbol') all[path[0] as string] = made;
    }
    return Object.assign(all, attrs);
  };
}
