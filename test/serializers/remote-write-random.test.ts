/**
 * Any nested input with missing keys and failing services, against a check of one key at a time: the same errors at the
 * same places, the same values, and one call per route.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { BadReplyError, NoRouteError, RpcTimeoutError } from '../../lib/errors.js';
import type { MessageTree } from '../../lib/validation-error.js';
import {
  type AnyField,
  IntegerField,
  nested,
  RemoteField,
  type RemoteOptions,
  Serializer,
} from '../../serializers/index.js';
import { type FakeService, fakeService } from './fake-service.js';

const ROUTES = ['a.get', 'b.get', 'c.get'] as const;
type Route = (typeof ROUTES)[number];

/** A field of the random serializer. */
type Shape =
  | { readonly kind: 'integer' }
  | { readonly kind: 'one' | 'many' | 'composite'; readonly route: Route; readonly isChecked: boolean }
  | { readonly kind: 'object' | 'list'; readonly fields: Fields };
type Fields = Readonly<Record<string, Shape>>;

/** How each service behaves: the objects that it has, or how it fails. */
type Fault = 'none' | 'timeout' | 'no route' | 'bad reply';
interface World {
  readonly missing: ReadonlySet<string>;
  readonly faults: Readonly<Record<Route, Fault>>;
}

const NAMES = ['p', 'q', 'r'] as const;
const remote = fc.record({
  kind: fc.constantFrom('one' as const, 'many' as const, 'composite' as const),
  route: fc.constantFrom(...ROUTES),
  isChecked: fc.constantFrom(true, true, true, false),
});
const { fields: FIELDS } = fc.letrec<{ fields: Fields; shape: Shape }>((tie) => ({
  fields: fc.dictionary(fc.constantFrom(...NAMES), tie('shape'), { minKeys: 1, maxKeys: 3 }),
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    remote,
    fc.constant({ kind: 'integer' as const }),
    fc.record({ kind: fc.constantFrom('object' as const, 'list' as const), fields: tie('fields') }),
  ),
}));

const key = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }).map(String));
const notAKey = fc.constantFrom(true, null, {}, [], '');

/** Input for a shape: mostly of the right kind. */
function inputOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'integer':
      return fc.constantFrom<unknown>(1, 2, 'x');
    case 'one':
      return fc.oneof({ weight: 8, arbitrary: key as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: notAKey });
    case 'many':
      return fc.array(
        fc.oneof({ weight: 8, arbitrary: key as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: notAKey }),
        {
          maxLength: 4,
        },
      );
    case 'composite':
      return fc.tuple(key, key).map(([x, y]) => ({ x, y }));
    case 'object':
      return inputOfAll(shape.fields);
    case 'list':
      return fc.array(inputOfAll(shape.fields), { maxLength: 3 });
  }
}

function inputOfAll(fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, inputOf(shape)])), {
    requiredKeys: [],
  });
}

function fieldOf(shape: Shape): AnyField {
  switch (shape.kind) {
    case 'integer':
      return new IntegerField();
    case 'object':
      return nested(serializerOf(shape.fields));
    case 'list':
      return nested(serializerOf(shape.fields), { many: true });
    default: {
      const options: RemoteOptions<{ id: number; x: number; y: number }> = {
        route: shape.route,
        validateExists: shape.isChecked,
        ...(shape.kind === 'many' && { many: true }),
        ...(shape.kind === 'composite' && { mergeKey: ['x', 'y'], key: 'pairs' }),
      };
      return new RemoteField<{ id: number; x: number; y: number }>(options);
    }
  }
}

function serializerOf(fields: Fields, service?: FakeService) {
  const made = Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, fieldOf(shape)]));
  return Serializer(made, service ? { service } : {});
}

const textOf = (each: unknown) =>
  typeof each === 'object' ? JSON.stringify(Object.values(each as object).map(String)) : String(each);

function serviceOf({ missing, faults }: World): FakeService {
  const answer = (route: Route) => (body: unknown) => {
    const fault = faults[route];
    if (fault === 'timeout') throw new RpcTimeoutError(route, 1);
    if (fault === 'no route') throw new NoRouteError(route);
    if (fault === 'bad reply') throw new BadReplyError(route, 'random');
    const keys = Array.isArray(body) ? body : (body as { pairs: unknown[] }).pairs;
    const rows = keys.filter((each) => !missing.has(`${route} ${textOf(each)}`));
    return rows.map((each) => (typeof each === 'object' ? numbered(each as object) : { id: Number(each) }));
  };
  return fakeService(Object.fromEntries(ROUTES.map((route) => [route, answer(route)])));
}

// ---------- the naive check

const INTEGER = /^-?\d+$/;
const REQUIRED = ['This field is required.'];
const NULL = ['This field may not be null.'];
const isKey = (value: unknown) => typeof value === 'number' || (typeof value === 'string' && value !== '');
const typeOf = (value: unknown) =>
  value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value === 'object' ? 'dictionary' : typeof value;
const wrongType = (value: unknown) => [`Incorrect type. Expected pk value, received ${typeOf(value)}.`];

type Errors = MessageTree | undefined;

function failureOf(route: Route, { faults }: World): string | undefined {
  const fault = faults[route];
  if (fault === 'none') return undefined;
  if (fault === 'timeout') return `Timeout error(${route})`;
  return `Format of response is not correct or route to service is incorrect(${route})`;
}

function errorOfKey(value: unknown, route: Route, world: World): Errors {
  const failure = failureOf(route, world);
  if (failure) return [failure];
  if (!world.missing.has(`${route} ${textOf(value)}`)) return undefined;
  return [`Invalid pk "${typeof value === 'object' ? JSON.stringify(value) : value}" - object does not exist.`];
}

function byIndex(items: readonly unknown[], check: (item: unknown) => Errors): Errors {
  const errors = items.flatMap((item, index) => {
    const found = check(item);
    return found ? [[index, found] as const] : [];
  });
  return errors.length > 0 ? Object.fromEntries(errors) : undefined;
}

function errorsOf(shape: Shape, value: unknown, world: World): Errors {
  switch (shape.kind) {
    case 'integer':
      return INTEGER.test(String(value)) ? undefined : ['A valid integer is required.'];
    case 'object':
      return errorsOfAll(shape.fields, value as object, world);
    case 'list':
      return byIndex(value as unknown[], (item) => errorsOfAll(shape.fields, item as object, world));
    case 'many': {
      const items = value as unknown[];
      const types = byIndex(items, (item) => (isKey(item) ? undefined : wrongType(item)));
      if (!shape.isChecked) return types;
      const failure = items.some(isKey) ? failureOf(shape.route, world) : undefined;
      if (failure) return types ?? [failure];
      return byIndex(items, (item) => (isKey(item) ? errorOfKey(item, shape.route, world) : wrongType(item)));
    }
    default:
      if (value === null || value === '') return NULL;
      if (shape.kind === 'one' && !isKey(value)) return wrongType(value);
      return shape.isChecked ? errorOfKey(value, shape.route, world) : undefined;
  }
}

function errorsOfAll(fields: Fields, data: object, world: World): Errors {
  const errors = Object.entries(fields).flatMap(([name, shape]) => {
    const found = Object.hasOwn(data, name) ? errorsOf(shape, data[name as never], world) : REQUIRED;
    return found ? [[name, found] as const] : [];
  });
  return errors.length > 0 ? Object.fromEntries(errors) : undefined;
}

/** A checked key is the one that the service has, which is of numbers here. */
function readOf(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'integer':
      return Number(value);
    case 'object':
      return readAllOf(shape.fields, value as object);
    case 'list':
      return (value as object[]).map((item) => readAllOf(shape.fields, item));
    case 'one':
      return shape.isChecked ? Number(value) : value;
    case 'many':
      return shape.isChecked ? (value as unknown[]).map(Number) : value;
    case 'composite':
      return shape.isChecked ? numbered(value as object) : value;
  }
}

const numbered = (key: object) => Object.fromEntries(Object.entries(key).map(([name, part]) => [name, Number(part)]));

function readAllOf(fields: Fields, data: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, readOf(shape, data[name as never])]));
}

const WORLD: fc.Arbitrary<World> = fc.record({
  missing: fc
    .array(
      fc.tuple(fc.constantFrom(...ROUTES), fc.integer({ min: 0, max: 6 }), fc.option(fc.integer({ min: 0, max: 6 }))),
    )
    .map((all) => new Set(all.map(([route, x, y]) => `${route} ${y === null ? x : textOf({ x, y })}`))),
  faults: fc.record(
    Object.fromEntries(
      ROUTES.map((route) => [
        route,
        fc.oneof(
          { weight: 6, arbitrary: fc.constant<Fault>('none') },
          { weight: 1, arbitrary: fc.constantFrom<Fault>('timeout', 'no route', 'bad reply') },
        ),
      ]),
    ) as Record<Route, fc.Arbitrary<Fault>>,
  ),
});

const CASE = FIELDS.chain((fields) =>
  fc.record({ fields: fc.constant(fields), data: fc.array(inputOfAll(fields), { maxLength: 5 }), world: WORLD }),
);

describe('remote fields: writing anything', () => {
  it('gives the errors of a check one by one, at the same places, by one call per route', async () => {
    await fc.assert(
      fc.asyncProperty(CASE, async ({ fields, data, world }) => {
        const service = serviceOf(world);
        const list = serializerOf(fields, service).many(null, { data });
        const isValid = await list.isValid();
        const expected = byIndex(data, (row) => errorsOfAll(fields, row as object, world));
        expect(isValid ? undefined : list.errors).to.deep.equal(expected);
        if (isValid) expect(list.validatedData).to.deep.equal(data.map((row) => readAllOf(fields, row)));
        // Keys of several properties have a request of their own.
        const requests = service.calls.map(({ route, body }) => `${route} ${Array.isArray(body)}`);
        expect(new Set(requests).size, 'calls').to.equal(requests.length);
        for (const { body } of service.calls) {
          const keys = Array.isArray(body) ? body : (body as { pairs: unknown[] }).pairs;
          expect(new Set(keys.map(textOf)).size, 'distinct keys')
            .to.equal(keys.length)
            .and.to.be.above(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
