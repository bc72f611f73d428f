/** rabbitmq-client 5: `createRPCClient` (direct reply-to) and consumers that answer with `reply`; `noDelay` is its default. */
import { Connection } from 'rabbitmq-client';
import { type MessagingPeer, PREFETCH } from '../../messaging/peer.js';

const ID = 'rabbitmq-client';
const qos = { prefetchCount: PREFETCH };

export const peers: readonly MessagingPeer[] = [
  {
    id: ID,
    name: 'rabbitmq-client',

    async serve(url, handlers) {
      const connection = new Connection(url);
      for (const [route, handler] of Object.entries(handlers)) {
        const consumer = connection.createConsumer(
          { queue: `${ID}.${route}`, queueOptions: { durable: true }, qos },
          async (request, reply) => reply(await handler(request.body)),
        );
        await new Promise((resolve) => void consumer.once('ready', () => resolve(undefined)));
      }
    },

    async connect(url) {
      const client = new Connection(url).createRPCClient({ confirm: false, timeout: 60_000 });
      return { call: async (route, body) => (await client.send(`${ID}.${route}`, body)).body };
    },

    jobs: {
      async publisher(url, queue) {
        const publisher = new Connection(url).createPublisher({ confirm: true });
        const envelope = { routingKey: queue, durable: true };
        return (body, done) => void publisher.send(envelope, body).then(() => done(), done);
      },
      async consumer(url, queue, onJob) {
        const connection = new Connection(url);
        const options = { queue, queueOptions: { passive: true }, qos };
        const consumer = connection.createConsumer(options, async ({ body }) => void onJob(body));
        return () => consumer.close().then(() => connection.close());
      },
    },
  },
];
