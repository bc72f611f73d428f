/** Where handlers run: in the process that has the connection, or in children of it that have none. */
export const POOL_KINDS = ['inline', 'thread', 'process'] as const;

/**
 * `inline`: in the process itself. `thread`: in worker threads, which share its memory limits and its fate. `process`: in
 * processes of their own.
 */
export type PoolKind = (typeof POOL_KINDS)[number];

export function isPoolKind(value: unknown): value is PoolKind {
  return (POOL_KINDS as readonly unknown[]).includes(value);
}
