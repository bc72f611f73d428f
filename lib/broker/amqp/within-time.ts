import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 2000;

/** A broker that has stopped to answer must not keep a service from ending. */
export async function withinTime(work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(TIMEOUT_MS, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}
