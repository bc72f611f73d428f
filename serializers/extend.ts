/**
 * A serializer class from another: its fields, minus some, plus more.
 *
 * Shape:  `class B extends extend(A, { exclude: ['x'], declared: { y: new CharField() } }) {}`. Methods of the base are
 *         inherited, and so are its hooks for fields that stay; hooks given here take their place.
 * Errors: `USAGE` for an excluded name that the base does not have, on first use: the fields of a model serializer are
 *         known no earlier.
 */
import { usage } from '../fields/field.js';
import type { AnyField, NoOptions } from '../fields/types.js';
import { BaseSerializer } from './base-serializer.js';
import { compiled } from './compile.js';
import { type AnyHooks, DEFINITION, type Definition } from './definition.js';
import { type SerializerClass, serializerClassOf } from './serializer.js';
import type { AnyFields, Hooks } from './types.js';

/** The fields of the base that stay, and the new ones. */
type Extended<D, D2, X extends readonly unknown[]> = { [K in Exclude<keyof D, keyof D2 | X[number]>]: D[K] } & {
  [K in keyof D2]: D2[K];
} extends infer All
  ? { [K in keyof All]: All[K] }
  : never;

export type ExtendOptions<D, D2, X extends readonly unknown[]> = Hooks<Extended<D, D2, X>> & {
  /** Fields that are new, or take the place of others. */
  readonly declared?: D2;
  /** The names of fields that are left out. */
  readonly exclude?: X;
};

export function extend<
  E,
  D,
  const D2 extends AnyFields<E> = NoOptions,
  const X extends readonly (keyof D)[] = readonly [],
>(
  // biome-ignore lint/suspicious/noExplicitAny: what the base shows and reads follows from its fields
  base: (abstract new (...args: any[]) => BaseSerializer<E, any, any, any>) & { readonly fields: D },
  options: ExtendOptions<D, D2, X>,
): SerializerClass<E, Extended<D, D2, X>> {
  const { declared = {}, exclude = [], ...hooks } = options;
  const from = (base as unknown as { [DEFINITION]: Definition })[DEFINITION];
  const isKept = (name: string) => !exclude.includes(name as never);
  const definition: Definition = {
    ...from,
    fields: () => extended(from, base.name, exclude as readonly string[], declared as Record<string, AnyField>),
    hooks: mergedHooks(from.hooks, hooks as AnyHooks, isKept),
  };
  const made = serializerClassOf<E, Extended<D, D2, X>>(definition, base);
  if (options.validate) hideValidate(made as unknown as { readonly prototype: object });
  return made;
}

/** A method of the base would be found first, and only some call the hook. */
function hideValidate({ prototype }: { readonly prototype: object }): void {
  const { validate } = BaseSerializer.prototype;
  Object.defineProperty(prototype, 'validate', { value: validate, writable: true, configurable: true });
}

function extended(
  from: Definition,
  name: string,
  exclude: readonly string[],
  declared: Readonly<Record<string, AnyField>>,
): Record<string, AnyField> {
  const { fields } = compiled(from);
  const unknown = exclude.find((each) => !Object.hasOwn(fields, each));
  if (unknown !== undefined) throw usage(`extend(${name}): "exclude" names "${unknown}", which is no field of it.`);
  const all: Record<string, AnyField> = Object.create(null);
  for (const [each, field] of Object.entries(fields)) if (!exclude.includes(each)) all[each] = field;
  return Object.assign(all, declared);
}

function mergedHooks(base: AnyHooks, own: AnyHooks, isKept: (name: string) => boolean): AnyHooks {
  const kept = Object.entries(base.validators ?? {}).filter(([name]) => isKept(name));
  return { ...base, ...own, validators: { ...Object.fromEntries(kept), ...own.validators } };
}
