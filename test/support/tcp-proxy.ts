/**
 * A TCP proxy on loopback that does to connections what a network does: it cuts, holds, swallows, slows and refuses.
 *
 * Shape:  a client connects to `port`, the proxy to the target. `up` is from client to target, `down` the way back.
 *         `freeze`, `blackhole` and `slow` hold for the connections there are and for those that come, until `thaw`.
 *         As on a network, who sends into a blackhole learns nothing: heartbeats have to tell.
 * Units:  `latencyMs` is milliseconds for each way, `bytesPerSecond` counts each connection and way for itself.
 */
import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Direction = 'up' | 'down' | 'both';

export interface Slowness {
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
}

/** What happens to the bytes of one direction. */
class Way {
  bytes = 0;
  isSwallowing = false;
  slowness: Slowness = {};
  thawed = Promise.resolve();
  #thaw: (() => void) | undefined;

  freeze(): void {
    if (this.#thaw) return;
    this.thawed = new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  thaw(): void {
    this.isSwallowing = false;
    this.slowness = {};
    this.#thaw?.();
    this.#thaw = undefined;
  }

  /** The pieces of `chunk`, each when it may pass; after a freeze with all that has come behind it. */
  async *paced(chunk: Buffer, from: Socket): AsyncGenerator<Buffer> {
    const { latencyMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = this.slowness;
    if (latencyMs > 0) await sleep(latencyMs);
    const size = Math.max(1, Math.min(chunk.length, Math.ceil(bytesPerSecond / 20)));
    for (let start = 0; start < chunk.length; start += size) {
      const piece = chunk.subarray(start, start + size);
      if (size < chunk.length) await sleep((piece.length / bytesPerSecond) * 1000);
      const wasFrozen = this.#thaw !== undefined;
      await this.thawed;
      const isLast = start + size >= chunk.length;
      const behind = wasFrozen && isLast ? (from.read() as Buffer | null) : null;
      yield behind ? Buffer.concat([piece, behind]) : piece;
    }
  }
}

interface Link {
  readonly client: Socket;
  readonly target: Socket;
  /** One side is gone, and the other must not see it. */
  isHalfOpen: boolean;
}

export class TcpProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #up = new Way();
  readonly #down = new Way();
  #accepted = 0;
  port = 0;

  constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const target = dial({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      this.#join({ client, target, isHalfOpen: false });
    });
  }

  /** Connections since the start, those that are open now, and the bytes that passed. */
  get counts() {
    return {
      accepted: this.#accepted,
      open: this.#links.size,
      bytesUp: this.#up.bytes,
      bytesDown: this.#down.bytes,
    } as const;
  }

  /** Takes connections, for the first time or again. */
  async listen(): Promise<this> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as { port: number }).port;
    return this;
  }

  /** Ends every connection on both sides: `reset` as a crashed host (RST), `end` as an orderly one (FIN). */
  cut(how: 'reset' | 'end' = 'reset'): void {
    for (const { client, target } of this.#links) {
      for (const socket of [client, target]) how === 'reset' ? socket.resetAndDestroy() : socket.destroy();
    }
  }

  /** Ends one side of every connection, unseen by the other, as a host does that lost power. New connections work. */
  halfOpen(gone: 'client' | 'target'): void {
    for (const link of this.#links) {
      link.isHalfOpen = true;
      link[gone].destroy();
    }
  }

  /** Bytes are taken and go nowhere, also those of new connections, which are accepted; nor is an end seen. */
  blackhole(direction: Direction = 'both'): void {
    for (const way of this.#ways(direction)) way.isSwallowing = true;
  }

  /** Nothing passes any more, and nothing is lost: `thaw` brings it all, and at once. */
  freeze(direction: Direction = 'both'): void {
    for (const way of this.#ways(direction)) way.freeze();
  }

  slow(slowness: Slowness, direction: Direction = 'both'): void {
    for (const way of this.#ways(direction)) way.slowness = slowness;
  }

  /** Everything passes again, but for connections that lost a byte: those stay dead and open until they are cut. */
  thaw(): void {
    for (const way of this.#ways('both')) way.thaw();
  }

  /** No connection until `listen` is called again; those there are end. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
    this.cut();
    this.thaw();
  }

  #ways(direction: Direction): readonly Way[] {
    if (direction === 'both') return [this.#up, this.#down];
    return [direction === 'up' ? this.#up : this.#down];
  }

  #join(link: Link): void {
    const { client, target } = link;
    this.#accepted += 1;
    this.#links.add(link);
    for (const socket of [client, target]) {
      socket.on('error', () => {}); // its `close` follows, and is what counts
      socket.on('close', () => {
        if (client.destroyed && target.destroyed) this.#links.delete(link);
      });
    }
    void carry(link, client, target, this.#up);
    void carry(link, target, client, this.#down);
  }
}

/** Once a byte is lost, the rest of the stream means nothing any more: nothing of it passes, and its end is not seen. */
async function carry(link: Link, from: Socket, to: Socket, way: Way): Promise<void> {
  let isReset = false;
  let hasHole = false;
  const isLost = () => {
    hasHole ||= way.isSwallowing || link.isHalfOpen;
    return hasHole;
  };
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      for await (const piece of way.paced(chunk as Buffer, from)) {
        if (isLost() || to.destroyed) break;
        way.bytes += piece.length;
        if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
      }
    }
  } catch {
    isReset = true; // on either side
  }
  await way.thawed;
  if (isLost()) return;
  if (isReset) to.destroy();
  else to.end();
}
