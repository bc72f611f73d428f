/** The tree of `bench/scenarios/remote-tree.ts`, counted: calls do not depend on rows. */
import { expect } from 'chai';
import { resolveRemoteFields } from '../../lib/remote/settings.js';
import { CharField, explain, IntegerField, nested, RemoteField, Serializer } from '../../serializers/index.js';
import { fakeService, objects } from './fake-service.js';

const image = () => new RemoteField<{ id: number }>({ route: 'images.get' });

class Team extends Serializer({ name: new CharField(), logo: image() }) {}
class User extends Serializer({
  name: new CharField(),
  team: new RemoteField<{ id: number }>({ route: 'teams.get', serializer: Team }),
}) {}
class Comment extends Serializer({
  author: new RemoteField<{ id: number }>({ route: 'users.get', serializer: User }),
  picture: image(),
}) {}

describe('remote fields: three levels, four routes, 50,000 sites', () => {
  it('cost one call per wave and route', async () => {
    const service = fakeService({
      'images.get': objects(),
      'tags.get': objects(),
      'users.get': objects((id) => ({ id, name: `user ${id}`, team: (id % 500) + 1 })),
      'teams.get': objects((id) => ({ id, name: `team ${id}`, logo: id + 1000 })),
    });
    Object.assign(service.settings as object, { remoteFields: resolveRemoteFields({ maxBatch: 100_000 }) });
    const fields = {
      id: new IntegerField(),
      cover: image(),
      tag: new RemoteField<{ id: number }>({ route: 'tags.get' }),
      owner: new RemoteField<{ id: number }>({ route: 'users.get', serializer: User }),
      comment: nested(Comment),
    };
    const rows = Array.from({ length: 10_000 }, (_, i) => ({
      id: i,
      cover: i + 1,
      tag: (i % 50) + 1,
      owner: (i % 2000) + 1,
      comment: { author: (i % 3000) + 1, picture: 10_000 + i },
    }));
    const list = Serializer(fields, { service }).many(rows);
    const shown = await list.data;
    const asked = explain(list).waves.map(({ routes }) => routes.map(({ route, keys }) => [route, keys]));
    expect(asked.map((routes) => Object.fromEntries(routes))).to.deep.equal([
      { 'images.get': 19_999, 'tags.get': 50, 'users.get': 3000 },
      { 'teams.get': 500 },
      { 'images.get': 500 },
    ]);
    expect(service.calls).to.have.length(5);
    expect(shown[9999]?.comment.author).to.deep.equal({
      name: 'user 1000',
      team: { name: 'team 1', logo: { id: 1001, path: '/1001.jpg' } },
    });
  });

  it('show an object once for a serializer, however many fields need it', async () => {
    const service = fakeService({ 'users.get': objects() });
    const shown: number[] = [];
    class Counted extends Serializer({ id: new IntegerField() }) {
      override toRepresentation(row: { id: number }) {
        shown.push(row.id);
        return super.toRepresentation(row);
      }
    }
    const user = () => new RemoteField<{ id: number }>({ route: 'users.get', serializer: Counted });
    const Pair = Serializer({ one: user(), other: user() }, { service });
    const [first, second] = await Pair.many([
      { one: 1, other: 2 },
      { one: 2, other: 1 },
    ]).data;
    expect(shown).to.deep.equal([1, 2]);
    expect([first?.one, first?.other]).to.deep.equal([second?.other, second?.one]);
  });
});
