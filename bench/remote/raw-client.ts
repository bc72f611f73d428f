/** Calls over amqplib as one writes them by hand: direct reply-to, one channel, `noDelay`, no timeouts. */
import { randomUUID } from 'node:crypto';
import { type Channel, type ChannelModel, connect } from 'amqplib';

export class RawClient {
  readonly #waiting = new Map<string, (answer: unknown) => void>();
  readonly #connection: ChannelModel;
  readonly #channel: Channel;

  private constructor(connection: ChannelModel, channel: Channel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  static async open(url: string): Promise<RawClient> {
    const connection = await connect(url, { noDelay: true });
    const client = new RawClient(connection, await connection.createChannel());
    await client.#listen();
    return client;
  }

  call(queue: string, body: unknown): Promise<unknown> {
    const correlationId = randomUUID();
    const answer = new Promise<unknown>((resolve) => void this.#waiting.set(correlationId, resolve));
    const properties = { correlationId, replyTo: 'amq.rabbitmq.reply-to' };
    this.#channel.sendToQueue(queue, Buffer.from(JSON.stringify(body)), properties);
    return answer;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #listen(): Promise<void> {
    await this.#channel.consume(
      'amq.rabbitmq.reply-to',
      (message) => {
        const { correlationId } = message?.properties ?? {};
        this.#waiting.get(correlationId)?.(JSON.parse(message?.content.toString() ?? ''));
        this.#waiting.delete(correlationId);
      },
      { noAck: true },
    );
  }
}
