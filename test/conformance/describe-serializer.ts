/**
 * Serializers of the recorded cases: `{ name, fields, hooks, validators, list_hooks }` becomes a class of ours.
 *
 * Shape:  `serializerOf(description, builders)`; `builders` are for what stands in its fields besides plain ones.
 */
import { MethodField } from '../../fields/index.js';
import type { AnyField, Ctx, Validator } from '../../fields/types.js';
import { ListSerializer, nested, Serializer } from '../../serializers/index.js';
import type { AnySerializer, ClassOf } from '../../serializers/types.js';
import { type Builders, type FieldDescription, fieldOf, optionsOf } from './describe-field.js';
import { type HookDescription, hookOf, methodOf } from './describe-hook.js';
import { type ValidatorDescription, validatorOf } from './describe-validator.js';

type Described<T> = Readonly<Record<string, T>>;

export interface HookedDescription {
  readonly name: string;
  readonly hooks?: Described<HookDescription>;
  readonly validators?: readonly ValidatorDescription[];
  readonly list_hooks?: Described<HookDescription>;
}

export interface SerializerDescription extends HookedDescription {
  readonly fields: Described<FieldDescription>;
}

export type SerializerType = ClassOf<AnySerializer> & { many(rows?: unknown, options?: object): AnyList };
type AnyList = ListSerializer<AnySerializer>;

/** `{ serializer, options }` as a field; `many` is one of the options. */
export function nestedOf({ serializer, options = {} }: FieldDescription, name = '', builders: Builders = {}): AnyField {
  const { validators: given, ...rest } = options;
  const own = given ? { validators: validatorsOf(given as ValidatorDescription[], builders, name) } : {};
  const type = serializerOf(serializer as SerializerDescription, builders);
  return nested(type, { ...optionsOf(rest, builders), ...own }) as unknown as AnyField;
}

export function serializerOf(description: SerializerDescription, builders: Builders = {}): SerializerType {
  const fields = fieldsOf(description.fields, description, builders);
  const type = Serializer(fields, hooksOf(description, builders) as object) as unknown as SerializerType;
  return withListHooks(type, description);
}

/** Fields by name, nested serializers and method fields among them. */
export function fieldsOf(
  descriptions: Described<FieldDescription>,
  { hooks = {} }: HookedDescription,
  builders: Builders,
): Record<string, AnyField> {
  const all: Builders = {
    serializer: (field, name) => nestedOf(field, name, builders),
    ...builders,
    field: (field, name) => {
      if (field.field !== 'SerializerMethodField') return builders.field?.(field, name);
      const method = (field.options?.method_name as string | undefined) ?? `get_${name}`;
      return new MethodField(methodOf(hooks[method] as HookDescription)) as unknown as AnyField;
    },
  };
  return Object.fromEntries(Object.entries(descriptions).map(([name, field]) => [name, fieldOf(field, all, name)]));
}

/** `validate_<field>`, `validate` and the validators of the whole, as our factories take them. */
export function hooksOf({ hooks = {}, validators }: HookedDescription, builders: Builders): Record<string, unknown> {
  const byField = Object.entries(hooks).flatMap(([name, hook]) => {
    const field = name.startsWith('validate_') ? name.slice('validate_'.length) : undefined;
    return field === undefined ? [] : [[field, hookOf(hook)] as const];
  });
  return {
    ...(hooks.validate && { validate: hookOf(hooks.validate) }),
    ...(byField.length > 0 && { validators: Object.fromEntries(byField) }),
    ...(validators && { serializerValidators: validatorsOf(validators, builders) }),
  };
}

/** Lists of the class get the hooks of its list serializer. */
export function withListHooks(type: SerializerType, { list_hooks: hooks }: HookedDescription): SerializerType {
  if (!hooks) return type;
  const validate = hookOf(hooks.validate as HookDescription);
  class Hooked extends ListSerializer<AnySerializer> {
    override validate(list: never[]): never[] {
      return validate(
        list as never,
        { context: this.context, instance: this.instance, partial: this.partial } as Ctx,
      ) as never[];
    }
  }
  return Object.assign(class extends (type as ClassOf<AnySerializer>) {}, {
    listSerializerClass: Hooked,
  }) as unknown as SerializerType;
}

function validatorsOf(given: readonly ValidatorDescription[], builders: Builders, name = ''): Validator[] {
  return given.map((each) => builders.validator?.(each, name) ?? validatorOf(each, name, builders.tags));
}
