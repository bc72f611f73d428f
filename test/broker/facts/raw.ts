/** Raw amqplib, for tests of what the library leans on. What is opened here closes itself after the test. */
import {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  connect,
  type Options,
} from 'amqplib';
import { autoClose } from '../../support/auto-close.js';
import { unique } from '../../support/brokers.js';
import { rabbitUrl } from '../../support/rabbitmq.js';

/** Why a channel was closed by the broker. */
export interface Failure extends Error {
  readonly code: number;
}

export async function openRaw(url = rabbitUrl()): Promise<ChannelModel> {
  const model = await connect(url, { noDelay: true });
  model.on('error', () => {});
  autoClose({ close: async () => model.close().catch(() => {}) }); // closed already by the test, or by the broker
  return model;
}

export async function openChannel(model?: ChannelModel): Promise<ConfirmChannel> {
  const channel = await (model ?? (await openRaw())).createConfirmChannel();
  channel.on('error', () => {}); // seen by `failureOf`, or by the operation that rejects
  return channel;
}

/** The error with which the broker closes the channel. */
export function failureOf(channel: Channel): Promise<Failure> {
  return new Promise((resolve) => channel.once('error', resolve));
}

/** A queue of its own that leaves with its broker's next idle minute. */
export async function declare(
  channel: Channel,
  queueArguments: Readonly<Record<string, unknown>> = { 'x-queue-type': 'classic' },
  name = unique('fact'),
): Promise<string> {
  await channel.assertQueue(name, { durable: true, arguments: { 'x-expires': 60_000, ...queueArguments } });
  return name;
}

export function send(channel: ConfirmChannel, queue: string, text = 'x', options: Options.Publish = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.sendToQueue(queue, Buffer.from(text), { persistent: true, ...options }, (error) =>
      error ? reject(error as Error) : resolve(),
    );
  });
}

/** Consumes, and keeps what comes in the list that it gives back. */
export async function consume(
  channel: Channel,
  queue: string,
  options: Options.Consume = {},
): Promise<(ConsumeMessage | null)[]> {
  const got: (ConsumeMessage | null)[] = [];
  await channel.consume(queue, (message) => void got.push(message), options);
  return got;
}

export function texts(messages: readonly (ConsumeMessage | null)[]): readonly (string | undefined)[] {
  return messages.map((message) => message?.content.toString());
}

export function versionOf(model: ChannelModel): string {
  return String(model.connection.serverProperties.version);
}
