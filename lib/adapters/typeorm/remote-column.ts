/**
 * `@RemoteColumn({ route: 'images.get' })`: a column that holds the key of an object of another service.
 *
 * Shape:  an indexed integer column under the name of its property, of which a `ModelSerializer` makes a remote field
 *         without a declaration. With `many` a list of keys as JSON text, which every database has: the keys keep their
 *         type and order; there is no index, as no database could use one.
 * Errors: `USAGE` for options that contradict each other, when the class is declared.
 */
import { Column, type ColumnOptions, Index } from 'typeorm';
import { BgTasksError, preview } from '../../errors.js';
import { declareRemoteColumn, type RemoteColumnOptions } from '../../remote/column.js';

/** How a key lies in its column. */
const TYPES = {
  integer: { type: Number },
  bigint: { type: 'bigint' },
  uuid: { type: 'uuid' },
  text: { type: String },
} as const;

export interface RemoteColumnSettings extends RemoteColumnOptions {
  /** The name of the column. Default: that of the property. */
  readonly name?: string;
  /** The type of the keys. A `bigint` is a text in JavaScript, as with TypeORM's own columns. Default: `integer`. */
  readonly type?: keyof typeof TYPES;
  /** Whether there may be no key. Default: false. */
  readonly nullable?: boolean;
  /** Whether rows are looked up by the key. Default: true; never with `many`. */
  readonly index?: boolean;
  /** Anything else of TypeORM's `@Column`, such as `comment`; it wins over what follows from the options above. */
  readonly column?: ColumnOptions;
}

/** Decorates a property of an entity, or of an embedded class, in place of `@Column`. */
export function RemoteColumn(settings: RemoteColumnSettings): PropertyDecorator {
  const { name, type, nullable, index, column, ...remote } = settings;
  const isMany = remote.many === true;
  check(settings);
  return (target, property) => {
    if (typeof property !== 'string') throw usage(`a property has a name, not ${String(property)}.`);
    if (type === undefined && !isMany) refuseTextWithoutType(target, property);
    Column({
      ...(isMany ? { type: 'simple-json' } : TYPES[type ?? 'integer']),
      ...(name !== undefined && { name }),
      ...(nullable !== undefined && { nullable }),
      ...column,
    })(target, property);
    if (!isMany && index !== false) Index()(target, property);
    declareRemoteColumn(target.constructor, property, remote);
  };
}

function check({ route, type, many, index }: RemoteColumnSettings): void {
  const name = typeof route === 'string' ? route : route?.route;
  if (!name) throw usage('"route" must be the name of a task or its handle.');
  if (type !== undefined && !Object.hasOwn(TYPES, type)) {
    throw usage(`"type" must be one of ${Object.keys(TYPES).join(', ')}, not ${preview(type)}.`);
  }
  if (many && type)
    throw usage('with "many" the column is JSON, in which every key has its own type: leave "type" out.');
  if (many && index) throw usage('"many" and "index" contradict each other: a list of keys in JSON has no index.');
}

/** With `emitDecoratorMetadata`, a text in an integer column is found here and not by the first user. */
function refuseTextWithoutType(target: object, property: string): void {
  const { getMetadata } = Reflect as { getMetadata?: (key: string, target: object, property: string) => unknown };
  if (getMetadata?.('design:type', target, property) !== String) return;
  throw usage(`"${property}" is a string: say which with "type": 'uuid', 'bigint' or 'text'.`);
}

function usage(message: string): BgTasksError {
  return new BgTasksError('USAGE', `RemoteColumn: ${message}`);
}
