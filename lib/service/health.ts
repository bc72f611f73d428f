/** How a service is: for operators, probes and metrics. */

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
