/**
 * Any tree of serializers, any keys, any faults of providers: waves show what a resolver shows that calls for each site by
 * itself, with no more calls than distinct requests per wave.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { resolveRemoteFields } from '../../lib/remote/settings.js';
import { ListField, nested, RemoteField, Serializer } from '../../serializers/index.js';
import { fakeService } from './fake-service.js';

/** Where a remote field may stand, and what it may be. */
interface RemoteShape {
  readonly kind: 'remote' | 'remotes' | 'listed';
  readonly route: string;
  readonly onMissing: 'null' | 'pk';
  readonly onError: 'null' | 'pk';
  readonly params: number | undefined;
  readonly fields: boolean;
  readonly isCached: boolean;
  /** Of the objects that come. */
  readonly shape: Shape | undefined;
}
interface NestedShape {
  readonly kind: 'nested';
  readonly shape: Shape;
}
interface NestedManyShape {
  readonly kind: 'nestedMany';
  readonly shape: Shape;
}
type FieldShape = RemoteShape | NestedShape | NestedManyShape;
type Shape = readonly FieldShape[];
type Fault = 'none' | 'error' | 'missing' | 'duplicates' | 'shuffled' | 'text' | 'bad';
type World = Readonly<Record<string, Fault>>;
type Row = Record<string, unknown>;

const ROUTES = ['a', 'b', 'c'];
const KEYS: readonly unknown[] = [0, 1, 2, '2', 3, '3x', null, ''];
const isKey = (key: unknown) => key !== null && key !== '';

const remoteShape = (shape: fc.Arbitrary<Shape | undefined>): fc.Arbitrary<FieldShape> =>
  fc.record({
    kind: fc.constantFrom('remote', 'remotes', 'listed'),
    route: fc.constantFrom(...ROUTES),
    onMissing: fc.constantFrom('null', 'pk'),
    onError: fc.constantFrom('null', 'pk'),
    params: fc.constantFrom(undefined, 1, 2),
    fields: fc.boolean(),
    isCached: fc.boolean(),
    shape,
  });
const shapes = fc.letrec<{ shape: Shape; field: FieldShape }>((tie) => ({
  shape: fc.array(tie('field'), { maxLength: 3 }),
  field: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    remoteShape(fc.constant(undefined)),
    remoteShape(fc.option(tie('shape'), { nil: undefined })),
    fc.record({ kind: fc.constantFrom('nested', 'nestedMany'), shape: tie('shape') }),
  ),
}));
const worlds: fc.Arbitrary<World> = fc.record(
  Object.fromEntries(
    ROUTES.map((route) => [
      route,
      fc.constantFrom<Fault[]>('none', 'none', 'error', 'missing', 'duplicates', 'shuffled', 'text', 'bad'),
    ]),
  ),
);

/** A row for a shape: which keys stand where follows from one number, so that it shrinks. */
function rowOf(shape: Shape, seed: number): Row {
  return Object.fromEntries(shape.map((field, i) => [`f${i}`, slotOf(field, seed * 7 + i * 3)]));
}

function slotOf(field: FieldShape, seed: number): unknown {
  const keyAt = (n: number) => KEYS[(seed + n * 5) % KEYS.length];
  if (field.kind === 'nested') return seed % 5 === 0 ? null : rowOf(field.shape, seed + 1);
  if (field.kind === 'nestedMany') return [1, 2].slice(seed % 3).map((n) => rowOf(field.shape, seed + n));
  if (field.kind === 'remote') return keyAt(0);
  return [0, 1, 2]
    .slice(seed % 4)
    .map(keyAt)
    .filter(isKey);
}

/** The same object for the same key, whoever asks: with keys of its own for the remote fields of its serializer. */
function objectOf(route: string, key: unknown, params: number | undefined): Row {
  // A provider has its keys as they are in its database, however they were asked for.
  const id = /^\d+$/.test(String(key)) ? Number(key) : key;
  const seed = String(key).length * 3 + ROUTES.indexOf(route) + (params ?? 0) + (typeof id === 'number' ? id : 0);
  return { id, route, params: params ?? null, seed };
}

function isMissing(fault: Fault, key: unknown): boolean {
  return fault === 'missing' && String(key).startsWith('2');
}

/** What a provider answers to keys; throws where it fails. */
function answer(world: World, route: string, keys: readonly unknown[], params: number | undefined): unknown {
  const fault = world[route] as Fault;
  if (fault === 'error') throw new Error('down');
  if (fault === 'bad') return { status: 'success' };
  const rows = keys.filter((key) => !isMissing(fault, key)).map((key) => objectOf(route, key, params));
  if (fault === 'text') return rows.map((row) => ({ ...row, id: String(row.id) }));
  if (fault === 'shuffled') return [...rows].reverse().concat(objectOf(route, 'extra', params));
  if (fault === 'duplicates') return rows.flatMap((row) => [row, { ...row, seed: -1 }]);
  return rows;
}

/** One call for each site, one after the other. */
class Naive {
  /** Distinct requests, at the depth of remote-in-remote where they were made. */
  readonly requests = new Set<string>();

  constructor(readonly world: World) {}

  show(shape: Shape, row: Row, depth: number): Row {
    return Object.fromEntries(shape.map((field, i) => [`f${i}`, this.#field(field, row[`f${i}`], depth)]));
  }

  #field(field: FieldShape, value: unknown, depth: number): unknown {
    if (field.kind === 'nested') return value === null ? null : this.show(field.shape, value as Row, depth);
    if (field.kind === 'nestedMany') return (value as Row[]).map((row) => this.show(field.shape, row, depth));
    if (field.kind === 'remote') return isKey(value) ? this.#one(field, value, depth).shown : null;
    const all = (value as unknown[]).map((key) => this.#one(field, key, depth));
    if (field.kind === 'listed') return all.map(({ shown }) => shown);
    // A list whose call failed is null as a whole, or stays the list of its keys.
    if (all.some(({ isFailed }) => isFailed)) return field.onError === 'pk' ? value : null;
    // A list that asks for nulls has one at the place of each object that is missing.
    return all.map(({ shown }) => shown);
  }

  #one(field: RemoteShape, key: unknown, depth: number): { shown: unknown; isFailed?: true } {
    const { route, params, fields, isCached, shape, onError, onMissing } = field;
    this.requests.add(JSON.stringify([depth, route, params, fields, isCached]));
    let rows: Row[];
    try {
      const body = answer(this.world, route, [key], params);
      if (!Array.isArray(body)) throw new Error('no list');
      rows = body as Row[];
    } catch {
      return { shown: onError === 'pk' ? key : null, isFailed: true };
    }
    const row = rows.find(({ id }) => String(id) === String(key));
    if (!row) return { shown: onMissing === 'pk' ? key : null };
    const picked = fields ? { seed: row.seed } : row;
    return { shown: shape ? this.show(shape, remoteRow(shape, picked.seed as number), depth + 1) : picked };
  }
}

/** An object is shown by a serializer whose keys follow from its `seed`. */
function remoteRow(shape: Shape, seed: number): Row {
  return rowOf(shape, Math.abs(seed));
}

function serializerOf(shape: Shape, isRemote = false): ReturnType<typeof Serializer> {
  const fields = Object.fromEntries(shape.map((field, i) => [`f${i}`, fieldOf(field)]));
  if (!isRemote) return Serializer(fields as never) as never;
  const Own = Serializer(fields as never) as unknown as {
    new (...args: unknown[]): { toRepresentation(row: Row): Row };
  };
  class Remote extends Own {
    override toRepresentation(row: Row): Row {
      return super.toRepresentation(remoteRow(shape, row.seed as number));
    }
  }
  return Remote as never;
}

function fieldOf(field: FieldShape): unknown {
  if (field.kind === 'nested') return nested(serializerOf(field.shape) as never, { allowNull: true });
  if (field.kind === 'nestedMany') return nested(serializerOf(field.shape) as never, { many: true });
  const { route, onMissing, onError, params, fields, isCached, shape } = field;
  const options = {
    route,
    onMissing,
    onError,
    ...(params !== undefined && { params: { params } }),
    ...(fields && { fields: ['seed'] }),
    ...(isCached && { cache: { ttlMs: 60_000 } }),
    ...(shape && { serializer: serializerOf(shape, true) }),
    ...(field.kind === 'remotes' && { many: true }),
  };
  const remote = new RemoteField<Row>(options as never);
  return field.kind === 'listed' ? new ListField({ child: remote }) : remote;
}

const providers = (world: World) =>
  fakeService(
    Object.fromEntries(
      ROUTES.map((route) => [
        route,
        (body: unknown) => answer(world, route, keysOf(body), (body as { params?: { params: number } }).params?.params),
      ]),
    ),
  );

function keysOf(body: unknown): readonly unknown[] {
  return Array.isArray(body) ? body : (body as { ids: unknown[] }).ids;
}

describe('remote fields: any tree, any keys, any faults', function () {
  this.timeout(60_000);

  const runs = [shapes.shape as fc.Arbitrary<Shape>, worlds, fc.integer({ min: 0, max: 5 }), fc.boolean()] as const;

  it('shows what one call per site shows, in one call per request and wave, each key once', async () => {
    const property = fc.asyncProperty(...runs, async (shape, world, count, coalesce) => {
      const rows = Array.from({ length: count }, (_, seed) => rowOf(shape, seed));
      const naive = new Naive(world);
      const expected = rows.map((row) => naive.show(shape, row, 0));

      const service = providers(world);
      Object.assign(service.settings as object, { remoteFields: resolveRemoteFields({ coalesce }) });
      const List = Serializer({ all: nested(serializerOf(shape) as never, { many: true }) }, { service });
      const { all } = await new List({ all: rows }).data;

      expect(all).to.deep.equal(expected);
      expect(service.calls.length).to.be.at.most(naive.requests.size);
      for (const { body } of service.calls) {
        const keys = keysOf(body).map(String);
        expect(new Set(keys).size).to.equal(keys.length);
      }
    });
    await fc.assert(property, { numRuns: 400 });
  });
});
