import { expect } from 'chai';
import {
  BadReplyError,
  BgTasksError,
  CallAbortedError,
  ConnectionLostError,
  NoRouteError,
  RemoteError,
  RpcTimeoutError,
} from '../../lib/errors.js';
import { provide } from '../../lib/provider/provide.js';
import { Service } from '../../lib/service/service.js';
import {
  CharField,
  IntegerField,
  ListField,
  nested,
  RemoteField,
  RPCListSerializer,
  RPCSerializerMixin,
  Serializer,
} from '../../serializers/index.js';
import { autoClose } from '../support/auto-close.js';
import { rejection } from '../support/rejection.js';
import { type FakeService, fakeService } from './fake-service.js';
import { withService } from './with-service.js';

interface Image {
  id: number;
  path: string;
}

/** Has the objects with these keys, whatever else is asked for. */
function having(...ids: readonly (number | string)[]) {
  return (body: unknown) => {
    const keys = Array.isArray(body) ? body : (body as { ids: unknown[] }).ids;
    const asked = new Set(keys.map(String));
    return { status: 'success', data: ids.filter((id) => asked.has(String(id))).map((id) => ({ id })) };
  };
}

const image = (options: object = {}) => new RemoteField<Image>({ route: 'images.get', ...options });
const missing = (key: unknown) => [`Invalid pk "${key}" - object does not exist.`];

async function errorsOf(serializer: { isValid(): Promise<boolean>; readonly errors: object }): Promise<object> {
  return (await serializer.isValid()) ? {} : serializer.errors;
}

describe('remote fields: writing', () => {
  let service: FakeService;
  const bodies = () => service.calls.map(({ body }) => body);

  beforeEach(() => {
    service = fakeService({ 'images.get': having(0, 1, 2, 3), 'teams.get': having(5) });
  });

  const userSerializer = (options: object = {}) =>
    Serializer({ name: new CharField({ maxLength: 5 }), image: image(options) }, { service });

  it('gives the key, as the other service has it', async () => {
    const user = new (userSerializer())(undefined, { data: { name: 'Tom', image: '1' } });
    await user.isValid({ raiseException: true });
    expect(user.validatedData).to.deep.equal({ name: 'Tom', image: 1 });
    expect(bodies()).to.deep.equal([['1']]);
  });

  it('checks the keys of a whole list by one call, each once, and refuses each at its place', async () => {
    const data = [1, 9, 0, 9, 2].map((key) => ({ name: 'Tom', image: key }));
    expect(await errorsOf(userSerializer().many(null, { data }))).to.deep.equal({
      1: { image: missing(9) },
      3: { image: missing(9) },
    });
    expect(bodies()).to.deep.equal([[1, 9, 0, 2]]);
  });

  it('refuses what is no key without asking, and asks for the others', async () => {
    const data = [
      { name: 'Tom', image: true },
      { name: 'Eva', image: {} },
      { name: 'too long', image: 9 },
      { image: 1 },
    ];
    expect(await errorsOf(userSerializer().many(null, { data }))).to.deep.equal({
      0: { image: ['Incorrect type. Expected pk value, received boolean.'] },
      1: { image: ['Incorrect type. Expected pk value, received dictionary.'] },
      2: { name: ['Ensure this field has no more than 5 characters.'], image: missing(9) },
      3: { name: ['This field is required.'] },
    });
    expect(bodies()).to.deep.equal([[9, 1]]);
  });

  it('asks once for nested objects, lists in lists, arrays of keys and lists of fields', async () => {
    const Comment = Serializer({ author: image(), team: new RemoteField<Image>({ route: 'teams.get' }) });
    const Post = Serializer(
      {
        cover: image(),
        all: image({ many: true }),
        each: new ListField({ child: image() }),
        first: nested(Comment),
        comments: nested(Comment, { many: true }),
      },
      { service },
    );
    const comment = (author: number, team = 5) => ({ author, team });
    const data = [
      { cover: 1, all: [1, 8, 2], each: [3, 7], first: comment(6), comments: [comment(1), comment(9, 4)] },
      { cover: 9, all: [], each: [], first: comment(2), comments: [] },
    ];
    expect(await errorsOf(Post.many(null, { data }))).to.deep.equal({
      0: {
        all: { 1: missing(8) },
        each: { 1: missing(7) },
        first: { author: missing(6) },
        comments: { 1: { author: missing(9), team: missing(4) } },
      },
      1: { cover: missing(9) },
    });
    expect(service.calls.map(({ route }) => route)).to.deep.equal(['images.get', 'teams.get']);
    expect(bodies()).to.deep.equal([
      [1, 8, 2, 3, 7, 6, 9],
      [5, 4],
    ]);
  });

  it('tells items of an array that are no keys from those that are missing', async () => {
    const Gallery = Serializer({ images: image({ many: true }) }, { service });
    const gallery = new Gallery(undefined, { data: { images: [1, {}, null, 9] } });
    expect(await errorsOf(gallery)).to.deep.equal({
      images: {
        1: ['Incorrect type. Expected pk value, received dictionary.'],
        2: ['Incorrect type. Expected pk value, received null.'],
        3: missing(9),
      },
    });
    expect(await errorsOf(new Gallery(undefined, { data: { images: 5 } }))).to.deep.equal({
      images: ['Expected a list of items but got type "number".'],
    });
  });

  it('asks nothing where there is nothing to ask', async () => {
    const Users = Serializer(
      { image: image({ allowNull: true, required: false }), images: image({ many: true, required: false }) },
      { service },
    );
    const data = [{ image: null }, { image: '' }, {}, { images: [] }];
    expect(await errorsOf(Users.many(null, { data }))).to.deep.equal({});
    expect(await errorsOf(new Users(undefined, { data: {}, partial: true }))).to.deep.equal({});
    expect(bodies()).to.deep.equal([]);
  });

  it('checks what a partial update sends, and does not miss what it does not', async () => {
    const Users = userSerializer();
    const row = { name: 'Tom', image: 1 };
    expect(await errorsOf(new Users(row, { data: { image: 9 }, partial: true }))).to.deep.equal({ image: missing(9) });
    expect(await errorsOf(new Users(row, { data: { name: 'Eva' }, partial: true }))).to.deep.equal({});
  });

  it('refuses null, and "" for it, where null is not allowed', async () => {
    for (const key of [null, '']) {
      expect(await errorsOf(new (userSerializer())(undefined, { data: { name: 'a', image: key } }))).to.deep.equal({
        image: ['This field may not be null.'],
      });
    }
  });

  it('takes any key with validateExists: false', async () => {
    const user = new (userSerializer({ validateExists: false }))(undefined, { data: { name: 'Tom', image: '9' } });
    expect(await errorsOf(user)).to.deep.equal({});
    expect(user.validatedData).to.deep.equal({ name: 'Tom', image: '9' });
    expect(bodies()).to.deep.equal([]);
  });

  it('shows the key to validators and hooks, once it is known to exist', async () => {
    const seen: unknown[] = [];
    const saw = <T>(where: string, key: unknown, value: T): T => {
      seen.push([where, key]);
      return value;
    };
    const Users = Serializer(
      { image: image({ validators: [(key: unknown) => void seen.push(['option', key])] }) },
      {
        service,
        validators: { image: (key) => saw('hook', key, key) },
        validate: (attrs) => saw('whole', attrs.image, attrs),
      },
    );
    const data = [{ image: '1' }, { image: 9 }];
    await errorsOf(Users.many(null, { data }));
    expect(seen).to.deep.equal([
      ['option', 1],
      ['hook', 1],
      ['whole', 1],
    ]);
  });

  it('asks for nothing but the key where requests are objects', async () => {
    for (const options of [{ key: 'ids' }, { fields: ['path'] }, { params: { size: 1 } }]) {
      service.calls.length = 0;
      await errorsOf(new (userSerializer(options))(undefined, { data: { name: 'Tom', image: 1 } }));
      const { params } = options as { params?: object };
      expect(bodies()).to.deep.equal([{ ids: [1], fields: ['id'], ...(params && { params }) }]);
    }
  });

  it('sends one request for fields that show different parts of the same objects', async () => {
    const Two = Serializer({ a: image(), b: image({ fields: ['path'] }), c: image({ params: { x: 1 } }) }, { service });
    expect(await errorsOf(new Two(undefined, { data: { a: 1, b: 2, c: 9 } }))).to.deep.equal({ c: missing(9) });
    expect(bodies()).to.deep.equal([
      { ids: [1, 2], fields: ['id'] },
      { ids: [9], fields: ['id'], params: { x: 1 } },
    ]);
  });

  it('parts many keys by maxBatch, and waits as long as the most patient field', async () => {
    const Two = Serializer({ a: image({ timeoutMs: 10 }), b: image() }, { service });
    const Small = RPCSerializerMixin(Two, { maxBatch: 2, timeoutMs: 50 });
    expect(await errorsOf(new Small(undefined, { data: { a: 1, b: 2 } }))).to.deep.equal({});
    expect(await errorsOf(Small.many(null, { data: [1, 2, 3].map((id) => ({ a: id, b: 9 })) }))).to.deep.equal({
      0: { b: missing(9) },
      1: { b: missing(9) },
      2: { b: missing(9) },
    });
    expect(bodies()).to.deep.equal([
      [1, 2],
      [1, 9],
      [2, 3],
    ]);
    expect(service.calls[0]?.options).to.deep.equal({ timeoutMs: 50 });
  });

  it('has the defaults of a nested class with its own mixin', async () => {
    const Inner = RPCSerializerMixin(Serializer({ image: image() }), { timeoutMs: 70 });
    const Outer = Serializer({ inner: nested(Inner) }, { service });
    expect(await errorsOf(new Outer(undefined, { data: { inner: { image: 1 } } }))).to.deep.equal({});
    expect(service.calls[0]?.options).to.deep.equal({ timeoutMs: 70 });
  });

  it('does not send what no database would hold as a key, nor repeat it whole', async () => {
    const long = 'x'.repeat(5000);
    const errors = await errorsOf(new (userSerializer())(undefined, { data: { name: 'Tom', image: long } }));
    expect(errors).to.deep.equal({ image: missing(`${'x'.repeat(200)}...`) });
    expect(bodies()).to.deep.equal([]);
  });

  it('keeps inputs apart: two lists at once make a call each', async () => {
    const Users = userSerializer();
    const one = () => Users.many(null, { data: [{ name: 'Tom', image: 1 }] }).isValid();
    await Promise.all([one(), one()]);
    expect(bodies()).to.deep.equal([[1], [1]]);
  });

  it("checks the keys of a list class of one's own", async () => {
    class Albums extends Serializer({ image: image() }, { service }) {
      static override listSerializerClass = class extends RPCListSerializer<Albums> {};
    }
    expect(await errorsOf(Albums.many(null, { data: [{ image: 1 }, { image: 9 }] }))).to.deep.equal({
      1: { image: missing(9) },
    });
    expect(bodies()).to.deep.equal([[1, 9]]);
  });

  it('checks a single value outside of any serializer', async () => {
    const real = autoClose(new Service({ environment: 'test', url: 'memory://remote-write' }));
    real.rpcTask('images.get')(provide(({ keys }) => keys.filter((id) => id < 4).map((id) => ({ id }))));
    await withService(real, async () => {
      expect(await image().runValidation(2)).to.equal(2);
      expect((await rejection(Promise.resolve(image().runValidation(9)))) as object).to.have.nested.property(
        'errors[0].code',
        'does_not_exist',
      );
    });
  });

  it("has messages of one's own", async () => {
    const Users = userSerializer({ errorMessages: { does_not_exist: 'No image {pk_value} at {route}.' } });
    expect(await errorsOf(new Users(undefined, { data: { name: 'Tom', image: 9 } }))).to.deep.equal({
      image: ['No image 9 at images.get.'],
    });
  });
});

describe('remote fields: writing while the other service fails', () => {
  const TIMEOUT = ['Timeout error(images.get)'];
  const FORMAT = ['Format of response is not correct or route to service is incorrect(images.get)'];
  const failing = (error: unknown) =>
    fakeService({
      'images.get': () => {
        throw error;
      },
      'teams.get': having(5),
    });
  const Users = (service: FakeService) =>
    Serializer(
      {
        n: new IntegerField(),
        image: image(),
        all: image({ many: true }),
        team: new RemoteField({ route: 'teams.get' }),
      },
      { service },
    );
  const data = { n: 'x', image: 1, all: [1, 2], team: 9 };

  for (const [error, message] of [
    [new RpcTimeoutError('images.get', 5), TIMEOUT],
    [new ConnectionLostError('images.get', false), TIMEOUT],
    [new NoRouteError('images.get'), FORMAT],
    [new BadReplyError('images.get', 'no list'), FORMAT],
    [new RemoteError('images.get', { code: 'X', message: 'secret' }), FORMAT],
  ] as const) {
    it(`says so on ${error.code}, in the words of bgtasks (Python), and in the log`, async () => {
      const service = failing(error);
      expect(await errorsOf(new (Users(service))(undefined, { data }))).to.deep.equal({
        n: ['A valid integer is required.'],
        image: message,
        all: message,
        team: missing(9),
      });
      expect(service.warnings).to.have.length(1);
      expect(service.warnings[0]).to.contain('images.get');
    });
  }

  for (const answer of [{ status: 'fail', data: 'secret' }, { status: 'success' }, 7, [{ key: 1 }]]) {
    it(`takes the answer ${JSON.stringify(answer)} for a wrong format`, async () => {
      const service = fakeService({ 'images.get': () => answer, 'teams.get': having(9) });
      const errors = await errorsOf(new (Users(service))(undefined, { data: { ...data, n: 1 } }));
      expect(errors).to.deep.equal({ image: FORMAT, all: FORMAT });
    });
  }

  it('says of an array what is wrong with its items, before that nobody could check the others', async () => {
    const errors = await errorsOf(
      new (Users(failing(new RpcTimeoutError('images.get', 5))))(undefined, { data: { ...data, n: 1, all: [1, {}] } }),
    );
    expect(errors).to.deep.equal({
      image: TIMEOUT,
      all: { 1: ['Incorrect type. Expected pk value, received dictionary.'] },
      team: missing(9),
    });
  });

  for (const error of [new CallAbortedError('images.get'), new BgTasksError('USAGE', 'wrong'), new Error('a bug')]) {
    it(`throws on what is no failure of the other service: ${error.message}`, async () => {
      const serializer = new (Users(failing(error)))(undefined, { data });
      expect(await rejection(serializer.isValid())).to.equal(error);
    });
  }
});

describe('remote fields: writing while something else is broken', () => {
  class Broken extends CharField {
    override toInternalValue(): string {
      throw new Error('a bug of the application');
    }
  }

  it('does not end the process when a call fails that nobody waits for any more', async () => {
    const service = fakeService({
      'images.get': () => {
        throw new Error('down');
      },
    });
    const Users = Serializer({ image: image(), name: new Broken() }, { service });
    for (const serializer of [
      new Users(undefined, { data: { image: 1, name: 'x' } }),
      Users.many(null, { data: [{ image: 1 }, { image: 1, name: 'x' }] }),
    ]) {
      expect((await rejection(serializer.isValid())) as Error).to.have.property('message', 'a bug of the application');
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
});
