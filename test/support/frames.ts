/**
 * What a client sends to a broker: a proxy that carries every byte and takes down the AMQP methods on the way up.
 *
 * Shape:  `counts` has a number per method, as `60.90` (class and method of AMQP 0-9-1); `isGlobal` of each `basic.qos`.
 */
import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** Methods that tests ask for. */
export const METHODS = { openChannel: '20.10', qos: '60.10', ack: '60.80', reject: '60.90', nack: '60.120' } as const;

const PROTOCOL_HEADER_BYTES = 8;
const FRAME_HEADER_BYTES = 7;
const METHOD_FRAME = 1;

export class FrameTap {
  readonly counts = new Map<string, number>();
  readonly globalPrefetches: boolean[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(targetPort: number) {
    this.#server = createServer({ noDelay: true }, (client) => {
      const target = dial({ port: targetPort, host: '127.0.0.1', noDelay: true });
      for (const socket of [client, target]) {
        this.#sockets.add(socket.on('error', () => {}));
        socket.on('close', () => {
          client.destroy();
          target.destroy();
        });
      }
      const read = this.#reader();
      client.on('data', read).pipe(target);
      target.pipe(client);
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  /** Of one connection: frames may be cut anywhere. */
  #reader(): (chunk: Buffer) => void {
    let rest = Buffer.alloc(0);
    let skipped = 0;
    return (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      if (skipped === 0 && rest.length >= PROTOCOL_HEADER_BYTES) {
        skipped = PROTOCOL_HEADER_BYTES;
        rest = rest.subarray(skipped);
      }
      while (skipped > 0 && rest.length >= FRAME_HEADER_BYTES) {
        const end = FRAME_HEADER_BYTES + rest.readUInt32BE(3);
        if (rest.length < end + 1) return;
        if (rest[0] === METHOD_FRAME) this.#take(rest.subarray(FRAME_HEADER_BYTES, end));
        rest = rest.subarray(end + 1);
      }
    };
  }

  #take(method: Buffer): void {
    const name = `${method.readUInt16BE(0)}.${method.readUInt16BE(2)}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (name === METHODS.qos) this.globalPrefetches.push(((method[10] ?? 0) & 1) === 1); // after size (4) and count (2)
  }
}
