/**
 * What a library must do to be measured at calls and jobs. A file in `peers/messaging/` exports `peers`, one for each way
 * of using the library; nothing else needs to know of it.
 */

/** What a worker serves, by route. */
export type Handlers = Readonly<Record<string, (body: unknown) => unknown>>;

export interface Caller {
  call(route: string, body: unknown): Promise<unknown>;
}

export interface MessagingPeer {
  /** Of a table row. */
  readonly name: string;
  /** In names of queues. */
  readonly id: string;
  /** Resolves once every route is consumed; at most 100 unsettled deliveries. */
  serve?(url: string, handlers: Handlers): Promise<void>;
  connect?(url: string): Promise<Caller>;
  /** Jobs in a queue that is there already, persistent. */
  readonly jobs?: {
    /** `done` is called on the confirm. */
    publisher(url: string, queue: string): Promise<(body: unknown, done: (error?: unknown) => void) => void>;
    /** Acked after `onJob`, at most 100 unsettled. Gives what ends it. */
    consumer(url: string, queue: string, onJob: (body: unknown) => void): Promise<() => Promise<unknown>>;
  };
}

export const PREFETCH = 100;
