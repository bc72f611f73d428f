/**
 * rabbitmq-client 5: `createRPCClient` (direct reply-to) and consumers that answer with `reply`. With `noDelay`, and as
 * shipped without it.
 */
import { Connection } from 'rabbitmq-client';
import { type MessagingPeer, PREFETCH } from '../../messaging/peer.js';

const qos = { prefetchCount: PREFETCH };

function peer(id: string, name: string, noDelay: boolean): MessagingPeer {
  const open = (url: string) => new Connection({ url, noDelay });
  return {
    id,
    name,

    async serve(url, handlers) {
      const connection = open(url);
      for (const [route, handler] of Object.entries(handlers)) {
        const consumer = connection.createConsumer(
          { queue: `${id}.${route}`, queueOptions: { durable: true }, qos },
          async (request, reply) => reply(await handler(request.body)),
        );
        await new Promise((resolve) => void consumer.once('ready', () => resolve(undefined)));
      }
    },

    async connect(url) {
      const client = open(url).createRPCClient({ confirm: false, timeout: 60_000 });
      return { call: async (route, body) => (await client.send(`${id}.${route}`, body)).body };
    },

    jobs: {
      async publisher(url, queue) {
        const publisher = open(url).createPublisher({ confirm: true });
        const envelope = { routingKey: queue, durable: true };
        return (body, done) => void publisher.send(envelope, body).then(() => done(), done);
      },
      async consumer(url, queue, onJob) {
        const connection = open(url);
        const options = { queue, queueOptions: { passive: true }, qos };
        const consumer = connection.createConsumer(options, async ({ body }) => void onJob(body));
        return () => consumer.close().then(() => connection.close());
      },
    },
  };
}

export const peers: readonly MessagingPeer[] = [
  peer('rabbitmq-client', 'rabbitmq-client', true),
  peer('rabbitmq-client-shipped', 'rabbitmq-client as shipped (no `noDelay`)', false),
];
