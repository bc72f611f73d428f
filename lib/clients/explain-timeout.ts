/** What a caller can know of a call that got no answer in time: whether anybody serves it, and whether it was sent at all. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.js';
import type { TimeoutFacts } from '../errors.js';

/** The rejection of the call waits no longer for it. */
const WITHIN_MS = 100;

/** Never rejects. Undefined where nothing could be found out in time. */
export async function explainTimeout(broker: Broker, queue: string): Promise<TimeoutFacts | undefined> {
  const { blockedBy } = broker;
  if (blockedBy !== undefined) return { blockedBy };
  if (!broker.isConnected) return { isDisconnected: true };
  const timer = new AbortController();
  const inspected = broker.inspect(queue).then(
    (state) => ({ consumers: state?.consumers, messages: state?.messages }),
    () => undefined,
  );
  const late = sleep(WITHIN_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  return Promise.race([inspected, late]).finally(() => timer.abort());
}
