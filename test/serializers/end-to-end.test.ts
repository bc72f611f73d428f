import { provide, Service } from 'bgtasks';
import { IntegerField, RemoteField, Serializer } from 'bgtasks/serializers';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { Application } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { BROKERS, unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';

const ROWS = Array.from({ length: 1000 }, (_, index) => ({ id: index, image: index % 400, category: index % 7 }));

const expected = ROWS.map(({ id, image, category }) => ({
  id,
  image: { id: image, name: `image ${image}` },
  category: { id: category, name: `category ${category}` },
}));

/** A serializer whose two remote fields go to two routes. */
const serializerOf = (service: Service, images: string, categories: string) =>
  class extends Serializer(
    {
      id: new IntegerField(),
      image: new RemoteField<{ id: number; name: string }>({ route: images }),
      category: new RemoteField<{ id: number; name: string }>({ route: categories }),
    },
    { service },
  ) {};

describe('1,000 rows with two remote fields on different routes', function () {
  this.timeout(30_000);

  for (const { name, url } of BROKERS) {
    it(`cost exactly two calls, each key once (${name})`, async () => {
      const address = url();
      const provider = autoClose(new Service({ url: address }));
      const bodies: Record<string, unknown[]> = { image: [], category: [] };
      const routes = { image: unique('images.get'), category: unique('categories.get') };
      for (const [kind, route] of Object.entries(routes)) {
        provider.rpcTask(route)(
          provide(({ keys }) => {
            bodies[kind]?.push(keys);
            return keys.map((id) => ({ id, name: `${kind} ${id}` }));
          }),
        );
      }
      await provider.start();
      const api = autoClose(new Service({ url: address }));
      const list = serializerOf(api, routes.image, routes.category).many(ROWS);
      expect(await list.data).to.deep.equal(expected);
      expect(bodies.image).to.deep.equal([Array.from({ length: 400 }, (_, index) => index)]);
      expect(bodies.category).to.deep.equal([[0, 1, 2, 3, 4, 5, 6]]);
    });
  }

  for (const { name, url } of BROKERS) {
    it(`are written by one call a route, with the errors of each key at its place (${name})`, async () => {
      const address = url();
      const provider = autoClose(new Service({ url: address }));
      const asked: unknown[] = [];
      const images = unique('images.get');
      const nobody = unique('nobody');
      provider.rpcTask(images)(
        provide(({ keys }) => {
          asked.push(keys);
          return keys.filter((id) => id < 398).map((id) => ({ id, name: `image ${id}` }));
        }),
      );
      await provider.start();
      const api = autoClose(new Service({ url: address, logger: silentLogger }));
      const list = serializerOf(api, images, images).many(null, { data: ROWS });
      expect(await list.isValid()).to.equal(false);
      const refused = ROWS.filter(({ image }) => image >= 398);
      expect(list.errors).to.deep.equal(
        Object.fromEntries(
          refused.map(({ id, image }) => [id, { image: [`Invalid pk "${image}" - object does not exist.`] }]),
        ),
      );
      expect(asked).to.have.length(1);
      const lost = new (serializerOf(api, images, nobody))(undefined, { data: ROWS[1] });
      expect(await lost.isValid()).to.equal(false);
      expect(lost.errors).to.deep.equal({
        category: [`Format of response is not correct or route to service is incorrect(${nobody})`],
      });
    });
  }

  it('cost exactly two calls from one process to another', async () => {
    const prefix = unique('');
    const app = autoClose(
      new Application({
        'package.json': '{"type":"module"}',
        'tasks.ts': `
          import { provide, rpcTask } from 'bgtasks';
          let count = 0;
          for (const kind of ['image', 'category']) {
            rpcTask(kind + '${prefix}')(provide(({ keys }) => {
              count += 1;
              return keys.map((id) => ({ id, name: kind + ' ' + id }));
            }));
          }
          rpcTask('count${prefix}')(() => count);`,
      }),
    );
    await app.start(['tasks'], { BGTASKS_URL: rabbitUrl() }).says('Serving 3 tasks');
    const api = autoClose(new Service({ url: rabbitUrl() }));
    const list = serializerOf(api, `image${prefix}`, `category${prefix}`).many(ROWS);
    expect(await list.data).to.deep.equal(expected);
    expect(await api.call(`count${prefix}`)).to.equal(2);
  });
});
