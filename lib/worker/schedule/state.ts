/** What the state queue of a schedule holds: the last slot that was fired, as headers of the message that fired it. */
import type { IncomingMessage } from '../../broker/broker.js';

const SLOT = 'bgtasks-slot';
const SEED = 'bgtasks-seed';
const TOKEN = 'bgtasks-token';

export interface ScheduleState {
  /** Epoch milliseconds. */
  readonly slot: number;
  /** Nothing has been fired yet: the time from which to count. */
  readonly isSeed: boolean;
  /** Of the publish that brought it: a leader knows its own by it. */
  readonly token: string;
}

export function stateHeaders({ slot, isSeed, token }: ScheduleState): Record<string, unknown> {
  return { [SLOT]: slot, [TOKEN]: token, ...(isSeed && { [SEED]: true }) };
}

/** Undefined where the headers tell of none. */
export function readState({ properties: { headers } }: IncomingMessage): ScheduleState | undefined {
  const slot = headers?.[SLOT];
  const token = headers?.[TOKEN];
  if (typeof slot !== 'number' || !Number.isSafeInteger(slot) || slot < 0 || typeof token !== 'string')
    return undefined;
  return { slot, token, isSeed: headers?.[SEED] === true };
}

/**
 * Whether `next` takes the place of `held`. What was fired stands over every seed; of two fired slots the later one is
 * true, and of two seeds the earlier one: services that start again and again must not put off the first slot for ever.
 */
export function supersedes(next: ScheduleState, held: ScheduleState): boolean {
  if (next.isSeed !== held.isSeed) return held.isSeed;
  return next.isSeed ? next.slot <= held.slot : next.slot >= held.slot;
}
