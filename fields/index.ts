export { ValidationError } from '../lib/validation-error.js';
export { BooleanField } from './boolean.js';
export { CharField, type CharOptions } from './char.js';
export { ChoiceField, type ChoiceOptions } from './choice.js';
export { DateTimeField } from './date-time.js';
export { EMPTY, Field } from './field.js';
export { FloatField, type FloatOptions } from './float.js';
export { HiddenField } from './hidden.js';
export { IntegerField, type IntegerOptions } from './integer.js';
export { JSONField, type JsonValue } from './json.js';
export { ListField, type ListOptions } from './list.js';
export { MethodField } from './method.js';
export { ModelField, type ModelFieldOptions } from './model.js';
export { NumberField, type NumberOptions } from './number.js';
export { ReadOnlyField, type ReadOnlyOptions } from './read-only.js';
export {
  type OnError,
  type OnMissing,
  RemoteField,
  type RemoteFieldOf,
  type RemoteFieldType,
  type RemoteLoader,
  type RemoteOptions,
  type RemoteRepr,
  type RemoteSerializer,
  type RemoteSlot,
  type RemoteValue,
  type UnknownObject,
} from './remote.js';
export { typeName } from './type-name.js';
export type { AnyField, Ctx, FieldOptions, NoOptions, ReprOfField, Validator, ValidOfField } from './types.js';
