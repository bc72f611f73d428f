/**
 * `npm start`: the API of the catalogue, and beside it, unless BGTASKS_URL names a RabbitMQ, the image service.
 *
 * With RabbitMQ the image service is a process of its own: `npx bgtasks tasks examples/shop/images/tasks.ts`.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
// The image service is the default one: that of `rpcTask` in images/tasks.ts.
import { configure, service as images } from 'bgtasks';
import { createApp } from './catalogue/app.js';
import { catalogue } from './catalogue/service.js';

const port = Number(process.env.PORT ?? 3000);
/** Nothing to install: unless a RabbitMQ is named, both services meet in memory. */
const url = process.env.BGTASKS_URL || 'memory://';
const isInMemory = url.startsWith('memory:');

try {
  const server = await start();
  process.once('SIGINT', () => stop(server)).once('SIGTERM', () => stop(server));
} catch (error) {
  console.error(`The shop cannot start: ${reason(error)}`);
  await close();
  process.exitCode = 1;
}

async function start(): Promise<Server> {
  if (isInMemory) {
    await import('./images/tasks.js');
    configure({ url });
    await images.start();
  }
  catalogue.configure({ url });
  await catalogue.start();
  const server = createServer(createApp(console.log));
  await once(server.listen(port), 'listening');
  console.log(welcome((server.address() as AddressInfo).port));
  return server;
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await close();
}

async function close(): Promise<void> {
  await catalogue.close();
  await images.close();
}

function welcome(openPort: number): string {
  const where = isInMemory
    ? 'Both services run in this process, on the memory broker.'
    : 'The image service is another process, with the same BGTASKS_URL: npx bgtasks tasks examples/shop/images/tasks.ts';
  return [
    `The shop is open: http://localhost:${openPort}/`,
    `As JSON:          curl -i http://localhost:${openPort}/products`,
    where,
    'Stop with Ctrl-C.\n',
  ].join('\n');
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE') return message;
  return `port ${port} is taken. Choose another: PORT=${port + 1} npm start`;
}
