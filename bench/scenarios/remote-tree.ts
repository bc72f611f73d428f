/** Three levels of remote objects on four routes: a list whose objects have remote fields of their own. */
import { Service } from 'bgtasks';
import { CharField, IntegerField, nested, RemoteField, Serializer } from 'bgtasks/serializers';
import type { Contender, Scenario } from '../measure.js';
import { type TreeRow, treeByHand, treeRows } from '../peers/tree-by-hand.js';
import { providerUrl } from '../remote/provider-process.js';
import { RawClient } from '../remote/raw-client.js';

let service: Service;
let raw: RawClient;

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
const fields = {
  id: new IntegerField(),
  cover: image(),
  tag: new RemoteField<{ id: number }>({ route: 'tags.get' }),
  owner: new RemoteField<{ id: number }>({ route: 'users.get', serializer: User }),
  comment: nested(Comment),
};

/** 10,000 rows with five remote fields each are 50,000 sites in the first wave alone. */
const rows: readonly TreeRow[] = treeRows(10_000);

export const remoteTree: Scenario = {
  name: 'remote-tree',
  what: '10,000 rows, 50,000 sites, 3 levels, 4 routes, from another process over RabbitMQ',
  async open() {
    const url = await providerUrl();
    service = new Service({ url });
    raw = await RawClient.open(url);
  },
  async close() {
    await Promise.all([service.close(), raw.close()]);
  },
  contenders: () => {
    const Rows = Serializer(fields, { service });
    return [
      { name: 'the same by hand, raw amqplib', run: () => treeByHand(raw, rows) },
      { name: 'bgtasks', run: () => Rows.many(rows).data },
    ];
  },
  check(result: unknown, { name }: Contender) {
    const text = JSON.stringify(result);
    expected ??= text;
    if (text !== expected) throw new Error(`${name} gives other objects.`);
  },
};

/** What is written by hand comes first. */
let expected: string | undefined;
