export { ValidationError } from '../lib/validation-error.js';
export { BigIntField, type BigIntOptions } from './big-int.js';
export { BooleanField } from './boolean.js';
export { CharField, type CharOptions } from './char.js';
export { ChoiceField, type ChoiceOptions } from './choice.js';
export type { Choice, ChoiceItem, Choices } from './choices.js';
export type { ClockOptions } from './clock-options.js';
export { DateField, type DateOptions } from './date.js';
export { DateTimeField, type DateTimeOptions } from './date-time.js';
export { DecimalField, type DecimalOptions } from './decimal.js';
export type { Rounding } from './decimal-text.js';
export { createOnlyDefault } from './defaults.js';
export { DictField, type DictOptions } from './dict.js';
export { DurationField, type DurationOptions } from './duration.js';
export { EmailField } from './email.js';
export { EnumField, type EnumLike, type EnumOptions } from './enum.js';
export { EMPTY, Field } from './field.js';
export { FloatField, type FloatOptions } from './float.js';
export { HiddenField, type HiddenOptions } from './hidden.js';
export { HStoreField } from './hstore.js';
export { IntegerField, type IntegerOptions } from './integer.js';
export { IPAddressField, type IPAddressOptions } from './ip-address.js';
export { JSONField, type JSONOptions, type JsonValue } from './json.js';
export { ListField, type ListOptions } from './list.js';
export { ManyRelatedField, type ManyRelatedOptions } from './many-related.js';
export { MethodField } from './method.js';
export { ModelField, type ModelFieldOptions } from './model.js';
export { MultipleChoiceField, type MultipleChoiceOptions } from './multiple-choice.js';
export { NumberField, type NumberOptions } from './number.js';
export { ReadOnlyField, type ReadOnlyOptions } from './read-only.js';
export { RegexField, type RegexOptions } from './regex.js';
export {
  PrimaryKeyRelatedField,
  RelatedField,
  type RelatedOptions,
  SlugRelatedField,
  type SlugRelatedOptions,
  StringRelatedField,
} from './related.js';
export type { Queryset, RepositoryLike } from './related-source.js';
export { RemoteField, type RemoteSlot } from './remote.js';
export type { RemoteLoader } from './remote-loader.js';
export type {
  CacheOptions,
  OnError,
  OnMissing,
  RemoteFieldOf,
  RemoteFieldType,
  RemoteInput,
  RemoteOptions,
  RemoteRepr,
  RemoteSerializer,
  RemoteValue,
  UnknownObject,
} from './remote-types.js';
export { SlugField, type SlugOptions } from './slug.js';
export { TimeField, type TimeOptions } from './time.js';
export { typeName } from './type-name.js';
export type { AnyField, Ctx, FieldOptions, NoOptions, ReprOfField, Validator, ValidOfField } from './types.js';
export { URLField } from './url.js';
export { UUIDField, type UUIDOptions } from './uuid.js';
