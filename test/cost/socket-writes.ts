/** What this process writes to the sockets of a port: each entry of Node's `_write` and `_writev` is one system call. */
import { Socket } from 'node:net';

type Write = (this: Socket, ...args: unknown[]) => unknown;
interface Writing {
  _write: Write;
  _writev: Write;
}

export class SocketWrites {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #prototype = Socket.prototype as unknown as Writing;
  readonly #original = { _write: this.#prototype._write, _writev: this.#prototype._writev };
  count = 0;

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
    this.#prototype._write = this.#counting(this.#original._write);
    this.#prototype._writev = this.#counting(this.#original._writev);
  }

  /** Of the sockets that have written since the beginning. */
  get bytesWritten(): number {
    return [...this.#sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  }

  get bytesRead(): number {
    return [...this.#sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  }

  [Symbol.dispose](): void {
    Object.assign(this.#prototype, this.#original);
  }

  #counting(write: Write): Write {
    const take = (socket: Socket) => this.#take(socket);
    return function (this: Socket, ...args: unknown[]) {
      take(this);
      return write.apply(this, args);
    };
  }

  #take(socket: Socket): void {
    if (socket.remotePort !== this.#port) return;
    this.#sockets.add(socket);
    this.count += 1;
  }
}
