/**
 * The other service, a process of its own: `node provider.js <url>`. Says `ready` once it serves.
 *
 * It serves the same objects to every contender, each in its own way: raw amqplib, bgtasks, moleculer.
 */
import { connect } from 'amqplib';
import { provide, Service } from 'bgtasks';
import moleculer from 'moleculer';
import { imageOf } from './objects.js';

const [, , url = ''] = process.argv;

/** What a tree asks, by route: objects with keys of the next level. */
const TREE: Readonly<Record<string, (id: number) => object>> = {
  'users.get': (id: number) => ({ id, name: `user ${id}`, team: (id % 500) + 1 }),
  'teams.get': (id: number) => ({ id, name: `team ${id}`, logo: id + 1000 }),
  'images.get': imageOf,
  'tags.get': (id: number) => ({ id, label: `tag ${id}` }),
};

async function serveRaw(): Promise<void> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  for (const [route, objectOf] of Object.entries(TREE)) {
    const { queue } = await channel.assertQueue(`raw.${route}`, { durable: true, expires: 300_000 });
    const answer = (content: Buffer) => (JSON.parse(content.toString()) as number[]).map(objectOf);
    await channel.consume(queue, (message) => {
      if (!message) return;
      const { replyTo, correlationId } = message.properties;
      channel.sendToQueue(replyTo, Buffer.from(JSON.stringify(answer(message.content))), { correlationId });
      channel.ack(message);
    });
  }
}

async function serveOurs(): Promise<void> {
  const service = new Service({ url });
  for (const [route, objectOf] of Object.entries(TREE)) {
    service.rpcTask(route)(provide(({ keys }) => keys.map(objectOf)));
  }
  await service.start();
}

async function serveMoleculer(): Promise<void> {
  const broker = new moleculer.ServiceBroker({ nodeID: `provider-${process.pid}`, transporter: url, logger: false });
  const resolve = ({ params }: { params: { id: readonly number[] } }) =>
    Object.fromEntries(params.id.map((id) => [id, imageOf(id)]));
  broker.createService({ name: 'images', actions: { resolve } });
  await broker.start();
}

await Promise.all([serveRaw(), serveOurs(), serveMoleculer()]);
console.log('ready');
