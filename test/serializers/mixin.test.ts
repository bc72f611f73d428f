import { expect } from 'chai';
import {
  DictField,
  IntegerField,
  ListField,
  MethodField,
  nested,
  RemoteField,
  RPCSerializerMixin,
  Serializer,
} from '../../serializers/index.js';
import { fakeService, objects } from './fake-service.js';
import { withService } from './with-service.js';

interface User {
  id: number;
  image: number | null;
}

const image = new RemoteField<{ id: number; path: string }>({ route: 'images.get' });

/** A base class that knows nothing of ours, as somebody may have written it. */
class HandWritten {
  constructor(readonly user: User) {}

  static many(users: readonly User[]) {
    return { data: Promise.all(users.map((user) => new HandWritten(user).toRepresentation(user))) };
  }

  async toRepresentation(user: User) {
    return { id: user.id, image: await image.toRepresentation(user.image) };
  }
}

/** The same with other habits: `this` makes the rows, and work starts when `data` is read. */
class Lazy {
  constructor(readonly user: User) {}

  static many<X extends Lazy>(this: new (user: User) => X, users: readonly User[]) {
    return new LazyList(users.map((user) => new this(user)));
  }

  get data() {
    return this.toRepresentation(this.user);
  }

  async toRepresentation(user: User) {
    const [shown, again] = await Promise.all([image.toRepresentation(user.image), image.toRepresentation(user.id)]);
    return { shown, again };
  }
}

class LazyList {
  constructor(readonly rows: readonly Lazy[]) {}

  get data() {
    return Promise.all(this.rows.map((row) => row.data));
  }
}

const users = (count: number): User[] => Array.from({ length: count }, (_, i) => ({ id: i, image: i }));

describe('RPCSerializerMixin', () => {
  const service = fakeService({ 'images.get': objects() });
  const bodies = () => service.calls.splice(0).map(({ body }) => body);

  afterEach(bodies);

  it('is not there: a hand-written base class makes a call a row', async () => {
    const shown = await withService(service, () => HandWritten.many(users(3)).data);
    expect(shown[2]).to.deep.equal({ id: 2, image: { id: 2, path: '/2.jpg' } });
    expect(bodies()).to.deep.equal([[0], [1], [2]]);
  });

  it('gives a hand-written base class one call for all rows', async () => {
    class Batched extends RPCSerializerMixin(HandWritten) {}
    const shown = await withService(service, () => Batched.many(users(1000)).data);
    expect(shown[2]).to.deep.equal({ id: 2, image: { id: 2, path: '/2.jpg' } });
    expect(bodies()).to.have.length(1);
  });

  it('gives one call where work starts when data is read, and for a single object', async () => {
    class Batched extends RPCSerializerMixin(Lazy) {}
    const shown = await withService(service, () => Batched.many(users(3)).data);
    expect(shown[1]?.shown?.path).to.equal('/1.jpg');
    expect(bodies()).to.deep.equal([[0, 1, 2]]);
    await withService(service, () => new Batched({ id: 8, image: 9 }).data);
    expect(bodies()).to.deep.equal([[9, 8]]);
    await withService(service, () => new Batched({ id: 8, image: 9 }).toRepresentation({ id: 1, image: 2 }));
    expect(bodies()).to.deep.equal([[2, 1]]);
  });

  it('takes a list that `many` gives again and again', async () => {
    const list = new LazyList([new Lazy({ id: 1, image: 2 })]);
    class Known extends Lazy {
      static override many(): never {
        return list as never;
      }
    }
    class Batched extends RPCSerializerMixin(Known) {}
    for (let n = 0; n < 10_000; n++) Batched.many();
    expect(await withService(service, () => list.data)).to.have.length(1);
    expect(bodies()).to.deep.equal([[2, 1]]);
  });

  it('sends nothing for null', async () => {
    class Batched extends RPCSerializerMixin(HandWritten) {}
    const shown = await withService(service, () => Batched.many([{ id: 1, image: null }]).data);
    expect(shown).to.deep.equal([{ id: 1, image: null }]);
    expect(bodies()).to.deep.equal([]);
  });

  it('sets defaults for the remote fields of a hand-written base class', async () => {
    const empty = fakeService({ 'images.get': () => [] });
    class Batched extends RPCSerializerMixin(HandWritten, { onMissing: 'pk', maxBatch: 2, timeoutMs: 50 }) {}
    const shown = await withService(empty, () => Batched.many(users(3)).data);
    expect(shown.map((row) => row.image)).to.deep.equal([0, 1, 2]);
    expect(empty.calls.map(({ body, options }) => [body, options])).to.deep.equal([
      [[0, 1], { timeoutMs: 50 }],
      [[2], { timeoutMs: 50 }],
    ]);
  });

  it('sets defaults for the remote fields of our serializers, which a field may overrule', async () => {
    const empty = fakeService({ 'images.get': () => [] });
    const fields = { a: image, b: new RemoteField<{ id: number }>({ route: 'images.get', onMissing: 'null' }) };
    class Users extends RPCSerializerMixin(Serializer(fields, { service: empty }), { onMissing: 'pk' }) {}
    expect(await new Users({ a: 1, b: 2 }).data).to.deep.equal({ a: 1, b: null });
    expect(empty.calls).to.have.length(1);
  });

  it('rejects only for the rows whose call failed', async () => {
    const half = fakeService({
      'images.get': (body) => {
        if ((body as number[]).includes(0)) throw new Error('down');
        return (body as number[]).map((id) => ({ id }));
      },
    });
    class Batched extends RPCSerializerMixin(HandWritten, { maxBatch: 1 }) {}
    const outcomes = await withService(half, () =>
      Promise.allSettled([0, 1].map((id) => new Batched({ id, image: id }).toRepresentation({ id, image: id }))),
    );
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled']);
  });

  it('keeps responses apart: two lists at once make a call each', async () => {
    class Batched extends RPCSerializerMixin(HandWritten) {}
    await withService(service, () => Promise.all([Batched.many(users(2)).data, Batched.many(users(2)).data]));
    expect(bodies()).to.deep.equal([
      [0, 1],
      [0, 1],
    ]);
  });

  it('leaves the name and the statics of the base class', () => {
    class Base extends HandWritten {
      static readonly extra = 1;
    }
    const Mixed = RPCSerializerMixin(Base);
    expect(Mixed.name).to.equal('Base');
    expect(Mixed.extra).to.equal(1);
    expect(new Mixed({ id: 1, image: 1 })).to.be.instanceOf(HandWritten);
  });

  it('keeps its defaults below another serializer, and joins its calls', async () => {
    const empty = fakeService({ 'images.get': () => [] });
    class Batched extends RPCSerializerMixin(HandWritten, { onMissing: 'pk' }) {}
    const Outer = Serializer(
      { image, inner: new MethodField((row: User) => new Batched(row).toRepresentation(row)) },
      { service: empty },
    );
    expect(await withService(empty, () => new Outer({ id: 1, image: 2 }).data)).to.deep.equal({
      image: null,
      inner: { id: 1, image: 2 },
    });
    expect(empty.calls.map(({ body }) => body)).to.deep.equal([[2]]);
  });

  it('keeps its defaults beside the class that it was made of', async () => {
    const empty = fakeService({ 'images.get': () => [] });
    const Plain = Serializer({ image });
    const Mixed = RPCSerializerMixin(Plain, { onMissing: 'pk' });
    const Both = Serializer({ plain: nested(Plain), mixed: nested(Mixed) }, { service: empty });
    const shown = await new Both({ plain: { image: 1 }, mixed: { image: 2 } }).data;
    expect(shown).to.deep.equal({ plain: { image: null }, mixed: { image: 2 } });
    expect(empty.calls.map(({ body }) => body)).to.deep.equal([[1, 2]]);
  });

  it('keeps its defaults for remote fields that are items', async () => {
    const empty = fakeService({ 'images.get': () => [] });
    const list = new ListField({ child: image });
    const Mixed = RPCSerializerMixin(Serializer({ list, lists: new DictField({ child: list }) }), { onMissing: 'pk' });
    const Outer = Serializer({ mixed: nested(Mixed), list }, { service: empty });
    const row = { mixed: { list: [1], lists: { a: [2] } }, list: [3] };
    const shown = { mixed: { list: [1], lists: { a: [2] } }, list: [null] };
    expect(await new Outer(row as never).data).to.deep.equal(shown);
    expect(await new (RPCSerializerMixin(Outer, { timeoutMs: 70 }))(row as never).data).to.deep.equal(shown);
    expect(empty.calls.map(({ body, options }) => [body, options])).to.deep.equal([
      [[1, 2, 3], {}],
      [[1, 2, 3], { timeoutMs: 70 }],
    ]);
  });

  it('checks the keys that a hand-written class reads by one call, with its defaults', async () => {
    class Reading extends HandWritten {
      static readAll(inputs: readonly User[]) {
        return Promise.allSettled(inputs.map((input) => image.runValidation(input.image)));
      }
      async isValid(inputs: readonly User[]) {
        const read = await Reading.readAll(inputs);
        return read.map(({ status }) => status);
      }
    }
    const some = fakeService({ 'images.get': () => [{ id: 0 }, { id: 1 }] });
    class Batched extends RPCSerializerMixin(Reading, { timeoutMs: 50 }) {}
    const [first] = users(1) as [User];
    expect(await withService(some, () => new Batched(first).isValid(users(2)))).to.deep.equal([
      'fulfilled',
      'fulfilled',
    ]);
    expect(some.calls.map(({ body, options }) => [body, options])).to.deep.equal([[[0, 1], { timeoutMs: 50 }]]);
    some.calls.length = 0;
    await withService(some, () => new Reading(first).isValid(users(2)));
    expect(some.calls).to.have.length(2);
  });

  it('checks the keys of a list of hand-written objects by one call', async () => {
    class Inputs {
      constructor(readonly inputs: readonly User[]) {}
      async isValid() {
        await Promise.all(this.inputs.map((input) => image.runValidation(input.image)));
        return true;
      }
    }
    class Reading extends HandWritten {
      static override many(inputs: readonly User[]) {
        return new Inputs(inputs) as never;
      }
    }
    class Batched extends RPCSerializerMixin(Reading) {}
    const list = Batched.many(users(3)) as unknown as Inputs;
    expect(await withService(service, () => list.isValid())).to.equal(true);
    expect(bodies()).to.deep.equal([[0, 1, 2]]);
  });

  for (const [defaults, said] of [
    [{ maxBach: 5 }, 'has no option "maxBach". Its options are: maxBatch, onMissing, onError, timeoutMs, service.'],
    [{ maxBatch: 0 }, '"maxBatch" must be a whole number from 1'],
    [{ onMissing: 'nul' }, '"onMissing" must be one of null, drop, pk, error, not "nul"'],
    [{ onError: 'error' }, '"onError" must be one of raise, null, pk, not "error"'],
    [{ timeoutMs: 1.5 }, '"timeoutMs" must be a whole number from 1'],
  ] as const) {
    it(`refuses ${JSON.stringify(defaults)}`, () => {
      expect(() => RPCSerializerMixin(HandWritten, defaults as object)).to.throw(said);
    });
  }

  it('lets our own serializers ask a service by themselves outside of a batch', async () => {
    const Users = Serializer({ id: new IntegerField(), m: new MethodField((row: User) => row.id) }, { service });
    expect(await new Users({ id: 1 }).data).to.deep.equal({ id: 1, m: 1 });
  });
});
