/** The command that cancels a job. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from '../broker/broker.js';
import { readJson, writeJson } from './json-body.js';

export interface CancelCommand {
  readonly route: string;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const MAX_BYTES = 4096;
const PERSISTENT = 2;

export function encodeCancel(command: CancelCommand): IncomingMessage {
  const properties = { contentType: 'application/json', messageId: randomUUID(), deliveryMode: PERSISTENT };
  return { body: writeJson(command, MAX_BYTES), properties: { ...properties, type: 'cancel' } };
}

/** Undefined for anything else. */
export function decodeCancel({ body, properties }: IncomingMessage): CancelCommand | undefined {
  if (properties.type !== 'cancel') return undefined;
  const { route, id, at } = (readJson(body, MAX_BYTES) ?? {}) as Partial<Record<string, unknown>>;
  const isCommand = typeof route === 'string' && typeof id === 'string' && typeof at === 'number';
  return isCommand ? { route, id, at } : undefined;
}
