/**
 * Where the results and the progress of jobs arrive: a durable queue of the process that enqueued them, so that they
 * survive a lost connection. It goes half an hour after its process.
 */
import type { QueueSpec } from '../broker/broker.js';

const PREFIX = 'bgtasks.v1.replies.';
const EXPIRES_MS = 1_800_000;

export function repliesQueue(instance: string): QueueSpec {
  return {
    name: `${PREFIX}${instance}`,
    durable: true,
    arguments: { 'x-queue-type': 'classic', 'x-expires': EXPIRES_MS },
  };
}

/** Any producer can write any queue into `reply_to`: results go to no other. */
export function isRepliesQueue(name: string | undefined): name is string {
  return name?.startsWith(PREFIX) ?? false;
}
