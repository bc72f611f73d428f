/** How a service is: for operators, probes and metrics. */
import type { Running } from './running.js';

export interface Health {
  /** True while a connection to the broker is open. */
  readonly connected: boolean;
  /** Why the broker takes no messages at present, such as an alarm of its memory: calls wait, consumers go on. */
  readonly blockedBy: string | undefined;
  /** True while tasks are consumed. */
  readonly consuming: boolean;
  /** Handlers that run now. */
  readonly inFlight: number;
  /** Calls of this process that wait for an answer. */
  readonly pendingCalls: number;
  /** Connections that came back after a loss, since the service was opened. */
  readonly reconnects: number;
  /** Answers whose caller was gone, since the service was opened. */
  readonly repliesDropped: number;
  /** Processes and threads that run handlers. */
  readonly children: number;
  /** Those that ended unasked or had to be killed, since the service was opened. */
  readonly childrenLost: number;
}

export function healthOf(running: Running | undefined): Health {
  const { broker, worker, client, webSockets, pools } = running ?? {};
  const hasSockets = webSockets?.address !== undefined; // enough where there is nothing to consume
  const { reconnects = 0, repliesDropped = 0 } = broker?.counts ?? {};
  return {
    connected: broker?.isConnected ?? false,
    consuming: (broker?.isConnected && broker.isConsuming && (worker?.isConsuming || hasSockets)) ?? false,
    inFlight: (worker?.running ?? 0) + (webSockets?.running ?? 0),
    blockedBy: broker?.blockedBy,
    pendingCalls: client?.pending.size ?? 0,
    reconnects,
    repliesDropped,
    children: pools?.children ?? 0,
    childrenLost: pools?.lost ?? 0,
  };
}
