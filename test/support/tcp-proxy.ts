/** A TCP proxy on loopback that can cut its connections: what a network does to a service. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  port = 0;

  constructor(targetPort: number) {
    this.#server = createServer((inside) => {
      const outside = connect(targetPort, '127.0.0.1');
      for (const [from, to] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => {});
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as { port: number }).port;
    return this;
  }

  /** Ends every connection as a pulled cable plug with a reset would. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Connections stay, and nothing goes through them any more. */
  freeze(): void {
    for (const socket of this.#sockets) socket.pause().unpipe();
  }

  /** No connection until `listen` is called again. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
  }
}
