import './remote/loader.js';

export * from '../fields/index.js';
export type { BaseSerializer } from './base-serializer.js';
export type { SerializerOptions } from './definition.js';
export { IdsSerializer, IntegerListSerializer } from './ids.js';
export { type ListErrors, ListSerializer, ListSerializer as RPCListSerializer } from './list.js';
export { RPCSerializerMixin } from './mixin.js';
export { type ModelOptions, ModelSerializer } from './model.js';
export { type NestedFieldOf, type NestedOptions, nested } from './nested.js';
export type { RemoteDefaults } from './remote/policy.js';
export { Serializer, type SerializerClass, type SerializerHooks } from './serializer.js';
export { serializerClass } from './serializer-class.js';
export type { ServiceLike } from './service.js';
export type { AnySerializer, Errors, Hooks, Representation, Validated } from './types.js';
