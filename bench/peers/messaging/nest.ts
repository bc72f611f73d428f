/** NestJS microservices over RabbitMQ: as its documents show it (no acks), with `noDelay`, and as shipped without it. */
import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, type MicroserviceOptions, type RmqOptions, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { type MessagingPeer, PREFETCH } from '../../messaging/peer.js';

class App {}
Module({})(App);
Logger.overrideLogger(false);

function peer(id: string, name: string, socketOptions: object): MessagingPeer {
  const optionsOf = (url: string, side: object): RmqOptions => ({
    transport: Transport.RMQ,
    options: { urls: [url], queue: `${id}.requests`, queueOptions: { durable: true }, socketOptions, ...side },
  });
  return {
    id,
    name,
    async serve(url, handlers) {
      const options = optionsOf(url, { prefetchCount: PREFETCH });
      const app = await NestFactory.createMicroservice<MicroserviceOptions>(App, { ...options, logger: false });
      // What `@MessagePattern(route)` on a controller comes to.
      const server = (app as unknown as { serverInstance: { addHandler(pattern: string, handler: unknown): void } })
        .serverInstance;
      for (const [route, handler] of Object.entries(handlers)) {
        server.addHandler(route, async (body: unknown) => handler(body));
      }
      await app.listen();
    },
    async connect(url) {
      const client = ClientProxyFactory.create(optionsOf(url, {}));
      await client.connect();
      return { call: (route, body) => firstValueFrom(client.send(route, body as never)) };
    },
  };
}

export const peers: readonly MessagingPeer[] = [
  peer('nest', 'NestJS RMQ (no acks)', { connectionOptions: { noDelay: true } }),
  peer('nest-shipped', 'NestJS RMQ as shipped (no acks)', {}),
];
