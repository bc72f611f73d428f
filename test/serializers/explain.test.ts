import { expect } from 'chai';
import {
  CharField,
  explain,
  ListField,
  nested,
  RemoteField,
  RPCSerializerMixin,
  Serializer,
} from '../../serializers/index.js';
import { rejection } from '../support/rejection.js';
import { fakeService, objects } from './fake-service.js';

const image = (options: object = {}) => new RemoteField<{ id: number }>({ route: 'images.get', ...options });

class Team extends Serializer({ name: new CharField(), logo: image() }) {}
class Comment extends Serializer({
  author: new RemoteField<{ id: number }>({ route: 'users.get' }),
  pictures: new ListField({ child: image() }),
}) {}

describe('explain', () => {
  const service = () =>
    fakeService({
      'images.get': objects(),
      'users.get': objects(),
      'teams.get': objects((id) => ({ id, name: 'x', logo: id + 100 })),
    });
  const posts = (own = service()) => {
    class Post extends RPCSerializerMixin(
      Serializer(
        {
          cover: image(),
          hidden: image({ writeOnly: true }),
          comments: nested(Comment, { many: true }),
          team: new RemoteField<{ id: number }>({ route: 'teams.get', serializer: Team }),
        },
        { service: own },
      ),
      { maxBatch: 2 },
    ) {}
    return Post;
  };
  const row = (n: number) => ({
    cover: n,
    comments: [
      { author: n, pictures: [] },
      { author: 1, pictures: [] },
    ],
    team: n,
  });

  it('tells before any row is shown what each wave can ask, and for which fields', () => {
    const { plan, waves, ms } = explain(posts().many([row(1)]));
    expect(plan).to.deep.equal([
      {
        routes: [
          { route: 'images.get', fields: ['cover', 'comments.pictures'] },
          { route: 'users.get', fields: ['comments.author'] },
          { route: 'teams.get', fields: ['team'] },
        ],
      },
      { routes: [{ route: 'images.get', fields: ['team.logo'] }] },
    ]);
    expect([waves, ms]).to.deep.equal([[], undefined]);
  });

  it('tells what was asked once data is read: keys, chunks, calls and times', async () => {
    const list = posts().many([1, 2, 3].map(row));
    await list.data;
    const { waves, ms } = explain(list);
    const facts = waves.map(({ routes }) =>
      routes.map(({ route, keys, chunks, calls }) => [route, keys, chunks, calls.map((call) => call.keys)]),
    );
    expect(facts).to.deep.equal([
      [
        ['users.get', 3, 2, [2, 1]],
        ['images.get', 3, 2, [2, 1]],
        ['teams.get', 3, 2, [2, 1]],
      ],
      [['images.get', 3, 2, [2, 1]]],
    ]);
    for (const { ms: own } of waves.flatMap(({ routes }) => routes).flatMap(({ calls }) => calls)) {
      expect(own).to.be.within(0, ms as number);
    }
  });

  it('tells with which code a call has failed', async () => {
    const broken = posts(fakeService({ 'users.get': objects(), 'teams.get': () => 5 })).many([row(1)]);
    await rejection(broken.data);
    const { waves, ms } = explain(broken);
    const errors = waves.flatMap(({ routes }) => routes).map(({ route, calls }) => [route, calls[0]?.error]);
    expect(errors).to.deep.equal([
      ['users.get', undefined],
      ['images.get', 'Error'],
      ['teams.get', 'BAD_REPLY'],
    ]);
    expect(ms).to.be.a('number');
  });

  it('shows that a cache had everything', async () => {
    const own = service();
    const Cached = Serializer({ image: image({ cache: { ttlMs: 60_000 } }) }, { service: own });
    const calls = async () => {
      const one = new Cached({ image: 1 });
      await one.data;
      return explain(one).waves.map(({ routes }) => routes.map((route) => [route.keys, route.calls.length]));
    };
    expect([await calls(), await calls()]).to.deep.equal([[[[1, 1]]], [[[1, 0]]]]);
  });

  it('follows classes that lead back to themselves once', () => {
    class Node extends Serializer({
      image: image(),
      children: nested((): typeof Leaf => Leaf, { many: true }),
    }) {}
    class Leaf extends Serializer({ node: nested((): never => Node as never), image: image() }) {}
    expect(explain(new Node({})).plan).to.deep.equal([
      { routes: [{ route: 'images.get', fields: ['image', 'children.image'] }] },
    ]);
  });

  it('writes the same in the log of the service, one line for a response that asked', async () => {
    const lines: [object, string | undefined][] = [];
    const own = service();
    const debug = (facts: object, message?: string) => void lines.push([facts, message]);
    Object.assign(own, { settings: { logger: { warn: () => {}, debug } } });
    const list = posts(own).many([row(1)]);
    await list.data;
    await posts(own).many([]).data;
    expect(lines).to.have.length(1);
    expect(lines[0]?.[0]).to.deep.equal({ waves: explain(list).waves });
    expect(lines[0]?.[1]).to.match(/^Remote fields of a response: 4 calls in 2 waves, \d+ ms$/);
  });

  it('refuses what is no serializer of ours', () => {
    for (const value of [{}, [], new Map()]) expect(() => explain(value)).to.throw(/explain\(\) needs a serializer/);
  });
});
