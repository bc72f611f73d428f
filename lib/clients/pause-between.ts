/** The pause before the next attempt of a call: full jitter, as callers that failed together should not return together. */
import { setTimeout as sleep } from 'node:timers/promises';

const BASE_MS = 50;
const MAX_MS = 1000;

/** `attempt` counts from 1. An abort of `signal` ends the pause, and is no error here. */
export async function pauseBetween(attempt: number, signal?: AbortSignal): Promise<void> {
  const delayMs = Math.random() * Math.min(MAX_MS, BASE_MS * 2 ** attempt);
  await sleep(delayMs, undefined, signal && { signal }).catch(() => {});
}
