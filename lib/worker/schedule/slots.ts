/** Which slots are to be fired now. Pure: times are epoch milliseconds, and given. */
import type { CatchUp } from '../../tasks/schedule.js';
import type { Slots } from '../../tasks/schedule-rule.js';

/** A slot that is so late has not been missed: another process took over, or the event loop was busy. */
export const GRACE_MS = 5000;
/** Of those that `all` fires after a downtime, the latest ones. */
export const MAX_CAUGHT_UP = 1000;

/** The slots to fire, oldest first: of those after `last` up to `now`. */
export function dueSlots(slots: Slots, last: number, now: number, catchUp: CatchUp): number[] {
  if (catchUp === 'all') return latestSlots(slots, last, now, MAX_CAUGHT_UP);
  const fresh = slotsWithin(slots, Math.max(last, now - GRACE_MS), now);
  return fresh.length > 0 || catchUp === 'skip' ? fresh : latestSlots(slots, last, now, 1);
}

/**
 * The latest `count` slots after `last`, up to `now`. It looks into ever longer times before `now`, since rules know only
 * their next slot, and a second-wise one of a month ago would be counted through for minutes.
 */
function latestSlots(slots: Slots, last: number, now: number, count: number): number[] {
  for (let backMs = GRACE_MS; ; backMs *= 2) {
    const from = Math.max(last, now - backMs);
    const found = slotsWithin(slots, from, now);
    if (found.length >= count || from === last) return found.slice(-count);
  }
}

/** After `from`, up to and with `to`. */
function slotsWithin(slots: Slots, from: number, to: number): number[] {
  const found: number[] = [];
  for (let slot = slots.next(from); slot !== undefined && slot <= to; slot = slots.next(slot)) found.push(slot);
  return found;
}
