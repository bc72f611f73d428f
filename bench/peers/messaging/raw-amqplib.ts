/**
 * The limit: amqplib by hand with `noDelay`, direct reply-to and nothing else: no timeouts, no `mandatory`, no context, and
 * no acks where it says so, which is why a worker that dies takes calls with it.
 */
import { randomUUID } from 'node:crypto';
import { type Channel, type ChannelModel, connect, type Options } from 'amqplib';
import { type Handlers, type MessagingPeer, PREFETCH } from '../../messaging/peer.js';

interface Way {
  readonly acked: boolean;
  readonly corked: boolean;
  readonly noDelay: boolean;
  /** Messages say what ours say: `mandatory`, when they expire, what they hold, an id that nobody can guess. */
  readonly isTelling?: boolean;
}

/** amqplib copies headers; one object for all is the fastest. */
const headers = { 'bgtasks-deadline': 0 };
const TIMEOUT_MS = 60_000;

function telling(): Options.Publish {
  headers['bgtasks-deadline'] = Date.now() + TIMEOUT_MS;
  const correlationId = randomUUID();
  return { correlationId, contentType: 'application/json', mandatory: true, expiration: String(TIMEOUT_MS), headers };
}

const REPLY_TO = 'amq.rabbitmq.reply-to';

function tellingJob(): Options.Publish {
  const timestamp = Math.floor(Date.now() / 1000);
  return { persistent: true, messageId: randomUUID(), contentType: 'application/json', mandatory: true, timestamp };
}

async function open(url: string, { corked, noDelay }: Way): Promise<ChannelModel> {
  const model = await connect(url, { noDelay });
  if (corked) cork(model);
  return model;
}

/** All that is written in one turn leaves in one system call. */
function cork(model: ChannelModel): void {
  const { stream } = model.connection as unknown as {
    stream: NodeJS.WritableStream & { cork(): void; uncork(): void };
  };
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let isCorked = false;
  stream.write = ((...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(() => {
        isCorked = false;
        stream.uncork();
      });
    }
    return write(...args);
  }) as typeof stream.write;
}

async function serve(id: string, way: Way, url: string, handlers: Handlers): Promise<void> {
  const channel = await (await open(url, way)).createChannel();
  if (way.acked) await channel.prefetch(PREFETCH);
  for (const [route, handler] of Object.entries(handlers)) {
    const queue = `${id}.${route}`;
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'classic', 'x-expires': 300_000 } });
    await channel.consume(queue, (message) => void answer(channel, way, handler, message), { noAck: !way.acked });
  }
}

async function answer(
  channel: Channel,
  { acked }: Way,
  handler: (body: unknown) => unknown,
  message: Parameters<Parameters<Channel['consume']>[1]>[0],
): Promise<void> {
  if (!message) return;
  const { replyTo, correlationId } = message.properties;
  const value = await handler(JSON.parse(message.content.toString()));
  channel.publish('', replyTo, Buffer.from(JSON.stringify(value)), { correlationId });
  if (acked) channel.ack(message);
}

async function connectCaller(id: string, way: Way, url: string) {
  const channel = await (await open(url, way)).createChannel();
  const waiting = new Map<string, (answer: unknown) => void>();
  let calls = 0;
  await channel.consume(
    REPLY_TO,
    (message) => {
      if (!message) return;
      const { correlationId } = message.properties;
      const resolve = waiting.get(correlationId);
      waiting.delete(correlationId);
      resolve?.(JSON.parse(message.content.toString()));
    },
    { noAck: true },
  );
  return {
    call: (route: string, body: unknown) =>
      new Promise<unknown>((resolve) => {
        calls += 1;
        const options = way.isTelling ? telling() : { correlationId: String(calls) };
        waiting.set(String(options.correlationId), resolve);
        channel.publish('', `${id}.${route}`, Buffer.from(JSON.stringify(body)), { ...options, replyTo: REPLY_TO });
      }),
  };
}

function jobs(way: Way): NonNullable<MessagingPeer['jobs']> {
  return {
    async publisher(url, queue) {
      const channel = await (await open(url, way)).createConfirmChannel();
      const optionsOf = way.isTelling ? tellingJob : () => ({ persistent: true });
      return (body, done) => void channel.publish('', queue, Buffer.from(JSON.stringify(body)), optionsOf(), done);
    },
    async consumer(url, queue, onJob) {
      const model = await open(url, way);
      const channel = await model.createChannel();
      await channel.prefetch(PREFETCH);
      await channel.consume(queue, (message) => {
        if (!message) return;
        onJob(JSON.parse(message.content.toString()));
        channel.ack(message);
      });
      return () => model.close();
    },
  };
}

function raw(id: string, name: string, way: Way, withJobs: boolean): MessagingPeer {
  return {
    id,
    name,
    serve: (url, handlers) => serve(id, way, url, handlers),
    connect: (url) => connectCaller(id, way, url),
    ...(withJobs && { jobs: jobs(way) }),
  };
}

const FAST = { acked: false, corked: false, noDelay: true };

export const peers: readonly MessagingPeer[] = [
  raw('raw', 'raw amqplib, the limit (no acks of calls)', FAST, true),
  raw('raw-acked', 'raw amqplib, acked', { ...FAST, acked: true }, false),
  raw('raw-corked', 'raw amqplib, acked, writes corked', { ...FAST, acked: true, corked: true }, true),
  raw(
    'raw-telling',
    'the same, with what ours tells in messages',
    { ...FAST, acked: true, corked: true, isTelling: true },
    true,
  ),
  raw('raw-shipped', 'raw amqplib as shipped (no `noDelay`), acked', { ...FAST, acked: true, noDelay: false }, false),
];
