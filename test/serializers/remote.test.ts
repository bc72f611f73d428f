import { expect } from 'chai';
import { type BgTasksError, RpcTimeoutError, TaskFailure } from '../../lib/errors.js';
import {
  CharField,
  IntegerField,
  ListField,
  MethodField,
  nested,
  RemoteField,
  RPCSerializerMixin,
  Serializer,
  type ServiceLike,
} from '../../serializers/index.js';
import { pause } from '../support/until.js';
import { type FakeService, fakeService, objects } from './fake-service.js';
import { withService } from './with-service.js';

interface Image {
  id: number;
  path: string;
}

const image = () => new RemoteField<Image>({ route: 'images.get' });

/** One error of a promise that must be rejected. */
async function rejection(promise: Promise<unknown>): Promise<BgTasksError> {
  try {
    await promise;
  } catch (error) {
    return error as BgTasksError;
  }
  throw new Error('it was fulfilled');
}

describe('remote fields: reading', () => {
  let service: FakeService;

  beforeEach(() => {
    service = fakeService({ 'images.get': objects(), 'teams.get': objects((id) => ({ id, name: `team ${id}` })) });
  });

  const userSerializer = () => Serializer({ id: new IntegerField(), image: image() }, { service });

  it('puts the object in place of the key of a single row, and asks with a list of one', async () => {
    const shown = await new (userSerializer())({ id: 1, image: 7 }).data;
    expect(shown).to.deep.equal({ id: 1, image: { id: 7, path: '/7.jpg' } });
    expect(service.calls.map(({ route, body }) => [route, body])).to.deep.equal([['images.get', [7]]]);
  });

  it('sends one request for a list', async () => {
    const shown = await userSerializer().many([1, 2, 3].map((id) => ({ id, image: id + 10 }))).data;
    expect(shown.map((row) => row.image?.path)).to.deep.equal(['/11.jpg', '/12.jpg', '/13.jpg']);
    expect(service.calls.map(({ body }) => body)).to.deep.equal([[11, 12, 13]]);
  });

  it('costs two calls for 1,000 rows with two remote fields on different routes', async () => {
    const both = Serializer({ image: image(), team: new RemoteField({ route: 'teams.get' }) }, { service });
    const shown = await both.many(Array.from({ length: 1000 }, (_, i) => ({ image: i, team: i % 7 }))).data;
    expect(service.calls.map(({ route }) => route)).to.have.members(['images.get', 'teams.get']);
    expect(shown[999]).to.deep.equal({ image: { id: 999, path: '/999.jpg' }, team: { id: 5, name: 'team 5' } });
  });

  it('sends each key once, as it is, where 1 and "1" are the same key', async () => {
    await userSerializer().many([1, '1', 2, 2, '3'].map((key) => ({ id: 1, image: key }))).data;
    expect(service.calls[0]?.body).to.deep.equal([1, 2, '3']);
  });

  it('takes 0 for a key, and null, undefined and "" for none', async () => {
    const rows = [{ id: 1, image: 0 }, { id: 2, image: null }, { id: 3 }, { id: 4, image: '' }];
    const shown = await userSerializer().many(rows).data;
    expect(service.calls[0]?.body).to.deep.equal([0]);
    expect(shown.map((row) => row.image)).to.deep.equal([{ id: 0, path: '/0.jpg' }, null, null, null]);
  });

  it('shows the default in place of what a row does not have, and not in place of null', async () => {
    const field = new RemoteField<Image>({ route: 'images.get', default: 5, allowNull: true });
    const shown = Serializer({ image: field }, { service }).many([{ image: null }, {}, { image: '' }] as never);
    expect(await shown.data).to.deep.equal([{ image: null }, { image: { id: 5, path: '/5.jpg' } }, { image: null }]);
    const partial = Serializer({ image: field }, { service }).many([{ image: null }, {}] as never, { partial: true });
    expect(await partial.data).to.deep.equal([{ image: null }, {}]);
  });

  it('sends nothing for no rows and for no keys', async () => {
    expect(await userSerializer().many([]).data).to.deep.equal([]);
    await userSerializer().many([{ id: 1, image: null }]).data;
    expect(service.calls).to.deep.equal([]);
  });

  it('sends a bigint key as text, as JSON has no bigint', async () => {
    const shown = await new (userSerializer())({ id: 1, image: 9007199254740993n }).data;
    expect(service.calls[0]?.body).to.deep.equal(['9007199254740993']);
    expect(shown.image?.id).to.equal('9007199254740993');
  });

  it('parts many keys into requests of at most maxBatch, side by side', async () => {
    const Small = RPCSerializerMixin(userSerializer(), { maxBatch: 2 });
    const shown = await Small.many([1, 2, 3, 4, 5].map((id) => ({ id, image: id }))).data;
    expect(service.calls.map(({ body }) => body)).to.deep.equal([[1, 2], [3, 4], [5]]);
    expect(shown.map((row) => row.image?.id)).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('sends one request for several fields and nested lists on one route', async () => {
    const Comment = Serializer({ author: image() });
    const Post = Serializer({ cover: image(), thumb: image(), comments: nested(Comment, { many: true }) }, { service });
    const row = (n: number) => ({ cover: n, thumb: n + 1, comments: [{ author: n + 2 }, { author: 1 }] });
    const shown = await Post.many([row(1), row(2)]).data;
    expect(service.calls.map(({ body }) => new Set(body as number[]))).to.deep.equal([new Set([1, 2, 3, 4])]);
    expect(shown[1]?.comments.map(({ author }) => author?.id)).to.deep.equal([4, 1]);
  });

  it('parts requests whose fields or params differ', async () => {
    const Two = Serializer(
      {
        a: new RemoteField<Image>({ route: 'images.get', key: 'ids', params: { size: 1 } }),
        b: new RemoteField<Image>({ route: 'images.get', key: 'ids', params: { size: 2 } }),
      },
      { service },
    );
    await new Two({ a: 1, b: 1 }).data;
    expect(service.calls.map(({ body }) => body)).to.deep.equal([
      { ids: [1], params: { size: 1 } },
      { ids: [1], params: { size: 2 } },
    ]);
  });

  it('asks for the merge key as well, and shows only the fields that were asked for', async () => {
    const Picked = Serializer(
      { image: new RemoteField<Image>({ route: 'images.get', fields: ['path'] }) },
      { service },
    );
    expect(await new Picked({ image: 7 }).data).to.deep.equal({ image: { path: '/7.jpg' } });
    expect(service.calls[0]?.body).to.deep.equal({ ids: [7], fields: ['path', 'id'] });
  });

  it('merges by another property where mergeKey names one', async () => {
    service = fakeService({ 'users.get': () => [{ email: 'tom@x.org', age: 3 }] });
    const Keyed = Serializer(
      { user: new RemoteField<{ email: string; age: number }>({ route: 'users.get', mergeKey: 'email' }) },
      { service },
    );
    expect(await new Keyed({ user: 'tom@x.org' }).data).to.deep.equal({ user: { email: 'tom@x.org', age: 3 } });
  });

  it('shows the same object in every slot that asks for it', async () => {
    const shown = await userSerializer().many([
      { id: 1, image: 7 },
      { id: 2, image: 7 },
    ]).data;
    expect(shown[0]?.image).to.equal(shown[1]?.image);
  });

  it('keeps the order of a list of keys, and leaves out those that are missing', async () => {
    service = fakeService({
      'images.get': () => [
        { id: 3, path: 'c' },
        { id: 1, path: 'a' },
      ],
    });
    const Gallery = Serializer(
      {
        images: new RemoteField<Image, { many: true; allowNull: true }>({
          route: 'images.get',
          many: true,
          allowNull: true,
        }),
      },
      { service },
    );
    const rows = [{ images: [1, 2, 3] }, { images: [] }, { images: null }];
    const shown = await Gallery.many(rows).data;
    expect(shown.map(({ images }) => images?.map(({ path }) => path))).to.deep.equal([['a', 'c'], [], undefined]);
    expect(service.calls.map(({ body }) => body)).to.deep.equal([[1, 2, 3]]);
  });

  it('fills remote fields that are items of a list field in the same request', async () => {
    const Mixed = Serializer({ image: image(), more: new ListField({ child: image() }) }, { service });
    expect(await new Mixed({ image: 1, more: [2, 1] }).data).to.deep.equal({
      image: { id: 1, path: '/1.jpg' },
      more: [
        { id: 2, path: '/2.jpg' },
        { id: 1, path: '/1.jpg' },
      ],
    });
    expect(service.calls.map(({ body }) => new Set(body as number[]))).to.deep.equal([new Set([1, 2])]);
  });

  it('uses source for the key', async () => {
    const Sourced = Serializer(
      { image: new RemoteField<Image>({ route: 'images.get', source: 'profile.imageId' }) },
      { service },
    );
    expect(await new Sourced({ profile: { imageId: 3 } }).data).to.deep.equal({ image: { id: 3, path: '/3.jpg' } });
    expect(await new Sourced({ profile: null }).data).to.deep.equal({ image: null });
  });

  it('refuses a slot that holds no key, before anything is sent', async () => {
    const error = await rejection(new (userSerializer())({ id: 1, image: { id: 7 } }).data);
    expect(error.code).to.equal('USAGE');
    expect(error.message).to.contain('"image"');
    expect(service.calls).to.deep.equal([]);
  });

  it('is not confused by fields named after what every object inherits', async () => {
    const fields = Object.fromEntries(['constructor', '__proto__'].map((name) => [name, image()]));
    const Odd = Serializer(fields, { service });
    const row = JSON.parse('{ "constructor": 1, "__proto__": 2 }');
    const shown = await new Odd(row).data;
    expect(JSON.stringify(shown)).to.equal(
      '{"constructor":{"id":1,"path":"/1.jpg"},"__proto__":{"id":2,"path":"/2.jpg"}}',
    );
    expect(await new Odd({}).data).to.deep.equal(JSON.parse('{ "constructor": null, "__proto__": null }'));
  });

  it('sends again for every serializer, but not when data is read twice', async () => {
    const Users = userSerializer();
    const list = Users.many([{ id: 1, image: 1 }]);
    expect(await list.data).to.equal(await list.data);
    expect(service.calls).to.have.length(1);
  });
});

describe('remote fields: serializers of remote objects', () => {
  it('represents the objects, whose own remote fields are the next wave', async () => {
    const service = fakeService({
      'users.get': objects((id) => ({ id, name: `user ${id}`, image: id + 100, secret: 's' })),
      'images.get': objects(),
    });
    class User extends Serializer({ name: new CharField(), image: image() }) {}
    class Post extends Serializer(
      {
        author: new RemoteField<{ id: number }>({ route: 'users.get', serializer: User }),
        editor: new RemoteField<{ id: number }>({ route: 'users.get', serializer: User }),
        cover: image(),
      },
      { service },
    ) {}
    const shown = await Post.many([1, 2, 3].map((n) => ({ author: n, editor: 1, cover: n }))).data;
    expect(shown[2]).to.deep.equal({
      author: { name: 'user 3', image: { id: 103, path: '/103.jpg' } },
      editor: { name: 'user 1', image: { id: 101, path: '/101.jpg' } },
      cover: { id: 3, path: '/3.jpg' },
    });
    expect(service.calls.map(({ route }) => route)).to.deep.equal(['users.get', 'images.get', 'images.get']);
  });
});

describe('remote fields: what an answer may be', () => {
  const shownWith = (answer: unknown, options: object = {}) => {
    const service = fakeService({ 'images.get': () => answer });
    const One = Serializer({ image: new RemoteField<Image>({ route: 'images.get', ...options }) }, { service });
    return new One({ image: 7 }).data;
  };

  for (const answer of [
    { status: 'success', data: [{ id: 7 }] },
    [{ id: 7 }],
    [{ id: '7' }],
    [null, { id: 8 }, { id: 7 }],
  ]) {
    it(`reads ${JSON.stringify(answer)}`, async () => {
      expect(String((await shownWith(answer)).image?.id)).to.equal('7');
    });
  }

  it('takes the first of two rows with one key', async () => {
    expect(
      (
        await shownWith([
          { id: 7, path: 'a' },
          { id: 7, path: 'b' },
        ])
      ).image?.path,
    ).to.equal('a');
  });

  for (const answer of [{ status: 'fail', data: { ids: ['bad'] } }, { errors: { ids: ['bad'] } }]) {
    it(`takes ${JSON.stringify(answer)} for a failure of the task`, async () => {
      const error = (await rejection(shownWith(answer))) as TaskFailure;
      expect(error).to.be.instanceOf(TaskFailure);
      expect(error.data).to.deep.equal({ ids: ['bad'] });
      expect(error.details.route).to.equal('images.get');
    });
  }

  const unusable = [
    null,
    7,
    'x',
    {},
    { data: [] },
    { status: 'success' },
    { status: 'success', data: {} },
    [7],
    [[7]],
    [{ key: 7 }],
  ];
  for (const answer of unusable) {
    it(`refuses ${JSON.stringify(answer)}, naming the route and what came`, async () => {
      const error = await rejection(shownWith(answer));
      expect(error.code).to.equal('BAD_REPLY');
      expect(error.message).to.contain('images.get');
      if (answer !== null) expect(error.message).to.contain(JSON.stringify(Array.isArray(answer) ? answer[0] : answer));
    });
  }

  it('reads own properties alone', async () => {
    const row = Object.create({ id: 7 });
    expect((await rejection(shownWith([row]))).code).to.equal('BAD_REPLY');
  });
});

describe('remote fields: policies', () => {
  const missing = () => fakeService({ 'images.get': () => [] });
  const down = () =>
    fakeService({
      'images.get': () => {
        throw new RpcTimeoutError('images.get', 5);
      },
    });

  const show = (service: FakeService, options: object, row: object) =>
    new (Serializer({ image: new RemoteField<Image>({ route: 'images.get', ...options }) }, { service }))(row).data;

  it('shows null for a missing object', async () => {
    expect(await show(missing(), {}, { image: 7 })).to.deep.equal({ image: null });
  });

  it('shows the key with onMissing "pk"', async () => {
    expect(await show(missing(), { onMissing: 'pk' }, { image: 7 })).to.deep.equal({ image: 7 });
    expect(await show(missing(), { onMissing: 'pk', many: true }, { image: [7, 8] })).to.deep.equal({ image: [7, 8] });
  });

  it('fails with onMissing "error", naming route and key', async () => {
    const error = await rejection(show(missing(), { onMissing: 'error' }, { image: 7 }));
    expect(error.code).to.equal('REMOTE_MISSING');
    expect(error.details).to.deep.equal({ route: 'images.get', key: 7 });
  });

  it('fails with the error of a call that failed', async () => {
    expect(await rejection(show(down(), {}, { image: 7 }))).to.be.instanceOf(RpcTimeoutError);
  });

  for (const [onError, one, many] of [
    ['null', null, null],
    ['pk', 7, [7]],
  ] as const) {
    it(`shows ${JSON.stringify(one)} with onError "${onError}" when the call fails, and says so in the log`, async () => {
      const service = down();
      expect(await show(service, { onError }, { image: 7 })).to.deep.equal({ image: one });
      expect(await show(service, { onError, many: true }, { image: [7] })).to.deep.equal({ image: many });
      expect(service.warnings[0]).to.contain('images.get');
    });
  }

  it('lets two fields share a call and differ in policy', async () => {
    const service = down();
    const Two = Serializer(
      {
        a: new RemoteField<Image>({ route: 'images.get', onError: 'pk' }),
        b: new RemoteField<Image>({ route: 'images.get', onError: 'null' }),
      },
      { service },
    );
    expect(await new Two({ a: 1, b: 2 }).data).to.deep.equal({ a: 1, b: null });
    expect(service.calls.map(({ body }) => body)).to.deep.equal([[1, 2]]);
  });

  it('waits as long as the most patient field of a call', async () => {
    const service = missing();
    const field = (timeoutMs: number) => new RemoteField<Image>({ route: 'images.get', timeoutMs });
    await new (Serializer({ a: field(100), b: field(200) }, { service }))({ a: 1, b: 2 }).data;
    expect(service.calls[0]?.options).to.deep.equal({ timeoutMs: 200 });
  });

  it('leaves other routes of the response alone when one is down', async () => {
    const service = fakeService({
      'images.get': () => {
        throw new Error('down');
      },
      'teams.get': objects(),
    });
    const Two = Serializer(
      {
        image: new RemoteField<Image>({ route: 'images.get', onError: 'null' }),
        team: new RemoteField({ route: 'teams.get' }),
      },
      { service },
    );
    expect(await new Two({ image: 1, team: 2 }).data).to.deep.equal({ image: null, team: { id: 2, path: '/2.jpg' } });
  });
});

describe('remote fields: overriding toRepresentation', () => {
  const service = fakeService({ 'images.get': objects() });

  beforeEach(() => void service.calls.splice(0));

  it('fills the slot of an object that was changed in place', async () => {
    class User extends Serializer({ image: image() }, { service }) {
      override toRepresentation(row: object) {
        return Object.assign(super.toRepresentation(row), { extra: 1 });
      }
    }
    expect(await User.many([{ image: 1 }]).data).to.deep.equal([{ image: { id: 1, path: '/1.jpg' }, extra: 1 }]);
  });

  it('fills the slot of a copy', async () => {
    class User extends Serializer({ image: image() }, { service }) {
      override toRepresentation(row: object) {
        return { ...super.toRepresentation(row), extra: 1 };
      }
    }
    expect(await User.many([{ image: 1 }, { image: 2 }]).data).to.deep.equal([
      { image: { id: 1, path: '/1.jpg' }, extra: 1 },
      { image: { id: 2, path: '/2.jpg' }, extra: 1 },
    ]);
    expect(service.calls.map(({ body }) => body)).to.deep.equal([[1, 2]]);
  });

  it('fills the slot of a copy whose key was a promise, and asks for none that was replaced', async () => {
    class Copy extends Serializer({ id: new IntegerField(), image: image() }, { service }) {
      override toRepresentation(row: { id: number }) {
        const shown = super.toRepresentation(row as never);
        return row.id === 1 ? { ...shown } : { ...shown, image: null };
      }
    }
    const rows = [1, 2].map((id) => ({ id, image: Promise.resolve(id) }));
    expect(await Copy.many(rows as never).data).to.deep.equal([
      { id: 1, image: { id: 1, path: '/1.jpg' } },
      { id: 2, image: null },
    ]);
    expect(service.calls.map(({ body }) => body)).to.deep.equal([[1]]);
  });

  it('leaves a slot alone that the override has replaced, and does not ask for its key', async () => {
    class User extends Serializer({ image: image() }, { service }) {
      override toRepresentation(row: { image: number }) {
        const shown = super.toRepresentation(row);
        return row.image === 1 ? { ...shown, image: null } : shown;
      }
    }
    expect(await User.many([{ image: 1 }, { image: 2 }]).data).to.deep.equal([
      { image: null },
      { image: { id: 2, path: '/2.jpg' } },
    ]);
    expect(service.calls.map(({ body }) => body)).to.deep.equal([[2]]);
  });

  it('keeps the sites of nested serializers', async () => {
    class Inner extends Serializer({ image: image() }) {
      override toRepresentation(row: object) {
        return { ...super.toRepresentation(row) };
      }
    }
    class Outer extends Serializer({ inner: nested(Inner), image: image() }, { service }) {
      override toRepresentation(row: object) {
        return { ...super.toRepresentation(row) };
      }
    }
    expect(await new Outer({ inner: { image: 1 }, image: 2 }).data).to.deep.equal({
      inner: { image: { id: 1, path: '/1.jpg' } },
      image: { id: 2, path: '/2.jpg' },
    });
    expect(service.calls).to.have.length(1);
  });

  it('awaits values that are promises, also in a copy, and side by side', async () => {
    let running = 0;
    let most = 0;
    const slow = new MethodField(async ({ id }: { id: number }) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return id * 2;
    });
    class User extends Serializer({ double: slow }) {
      override toRepresentation(row: { id: number }) {
        return { ...super.toRepresentation(row) };
      }
    }
    expect(await User.many([{ id: 1 }, { id: 2 }]).data).to.deep.equal([{ double: 2 }, { double: 4 }]);
    expect(most).to.equal(2);
  });
});

describe('remote fields: asking from within', () => {
  it('does not end the process when a value is rejected that nobody waits for any more', async () => {
    const S = Serializer({
      late: new MethodField(() => Promise.reject(new Error('late'))),
      name: new CharField(),
    });
    const error = await rejection(S.many([{ name: 'a' }, {}]).data);
    expect(error.code).to.equal('USAGE');
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('does not end the process when an object cannot be shown that nobody waits for any more', async () => {
    class Foreign {
      readonly data: Promise<unknown>;
      constructor({ id }: Image) {
        if (id === 2) throw new Error('at once');
        this.data = pause(1).then(() => Promise.reject(new Error('late')));
      }
    }
    const many = new RemoteField({ route: 'images.get', many: true, serializer: Foreign });
    const Gallery = Serializer({ many }, { service: fakeService({ 'images.get': objects() }) });
    expect((await rejection(new Gallery({ many: [1, 2] }).data)).message).to.equal('at once');
    await pause(5);
  });

  it('rejects where the settings of the service are wrong', async () => {
    const service: ServiceLike = {
      call: async () => [],
      get settings(): never {
        throw new Error('settings');
      },
    };
    const asked = withService(service, () => image().toRepresentation(1));
    expect((await rejection(asked)).message).to.equal('settings');
  });

  it('joins what asynchronous methods ask for in one turn, serializers included', async () => {
    const service = fakeService({ 'images.get': objects() });
    const field = image();
    class Image2 extends Serializer({ image: image() }) {}
    const User = Serializer(
      {
        asked: new MethodField(async (row: { n: number }) => (await field.toRepresentation(row.n))?.path),
        shown: new MethodField(
          async (row: { n: number }) => (await new Image2({ image: row.n + 10 }).data).image?.path,
        ),
        own: new RemoteField<Image>({ route: 'images.get', source: 'n' }),
      },
      { service },
    );
    const shown = await User.many([{ n: 1 }, { n: 2 }]).data;
    expect(shown[1]).to.deep.equal({ asked: '/2.jpg', shown: '/12.jpg', own: { id: 2, path: '/2.jpg' } });
    expect(service.calls.map(({ body }) => new Set(body as number[]))).to.deep.equal([new Set([1, 2, 11, 12])]);
  });
});
