import './message-hook.js';
import './remote/loader.js';
import './typeorm/install.js';

export * from '../fields/index.js';
export type { BaseSerializer } from './base-serializer.js';
export type { ListSerializerOptions, SerializerOptions } from './definition.js';
export { DtoSerializer, type DtoSerializerClass } from './dto.js';
export { type ExtendOptions, extend } from './extend.js';
export { IdsSerializer, IntegerListSerializer } from './ids.js';
export {
  type ListErrors,
  ListSerializer,
  ListSerializer as RPCListSerializer,
  type ListSerializerClass,
} from './list.js';
export { RPCSerializerMixin } from './mixin.js';
export { type ModelOptions, ModelSerializer } from './model.js';
export { type NestedFieldOf, type NestedOptions, nested } from './nested.js';
export { type Explanation, explain, type PlannedRoute, type PlannedWave } from './remote/explain.js';
export type { RemoteDefaults } from './remote/policy.js';
export type { CallReport, RouteReport, WaveReport } from './remote/report.js';
export { Serializer, type SerializerClass, type SerializerHooks } from './serializer.js';
export { serializerClass } from './serializer-class.js';
export type { ServiceLike } from './service.js';
export {
  type UniqueForOptions,
  type UniqueOptions,
  type UniqueTogetherOptions,
  uniqueForDateValidator,
  uniqueForMonthValidator,
  uniqueForYearValidator,
  uniqueTogetherValidator,
  uniqueValidator,
} from './typeorm/unique.js';
export type { AnySerializer, Errors, Hooks, InputOf, Representation, Validated } from './types.js';
