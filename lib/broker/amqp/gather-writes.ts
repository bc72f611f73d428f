/**
 * One write per burst: the frames of one turn leave the process in one system call, which is 40 to 65 % of the busy time
 * of a client or worker. The burst ends in `process.nextTick`, so nothing waits for a timer.
 *
 * This is the one place that reaches into amqplib (`model.connection.stream`); a test fails where the field is missing.
 */
import type { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

/** Large chunks go out as they are: gathering would copy them. */
const LARGE_BYTES = 65_536;

function socketOf(model: ChannelModel): Duplex | undefined {
  return (model.connection as unknown as { stream?: Duplex }).stream;
}

/** Ends a connection whose other side does not answer; harmless for one that is closed. */
export function destroySocket(model: ChannelModel): void {
  socketOf(model)?.destroy(new Error('The broker does not answer.')); // with an error, amqplib ends its heartbeats too
}

export function gatherWrites(model: ChannelModel): void {
  const stream = socketOf(model);
  if (!stream) return;
  const write = stream.write.bind(stream) as (chunk: Buffer, ...rest: unknown[]) => boolean;
  let isCorked = false;
  const uncork = () => {
    isCorked = false;
    stream.uncork();
  };
  stream.write = ((chunk: Buffer, ...rest: unknown[]) => {
    if (!isCorked && chunk.length < LARGE_BYTES) {
      isCorked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    return write(chunk, ...rest);
  }) as Duplex['write'];
}
