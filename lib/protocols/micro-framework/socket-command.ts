/**
 * RPC over a WebSocket: one JSON text per message.
 *
 * Request: `{ command, command_args, command_kwargs }`; ours add `id`, and `timeout_ms`, how long they wait from now.
 * Reply:   `{ data, exception }`, with the `id` of the request where that had one. Those without are answered in order.
 * Errors:  what cannot be read is answered `RPCMalformedMessage`; JSON without a command ends the socket.
 */
import { messageOf } from '../../errors.js';
import { readJson, writeJson } from '../json-body.js';
import type { Outcome } from '../protocol.js';
import { readAnswer, writeAnswer } from './exception.js';

/** The header of the handshake by which a server says that it answers with ids. Others never send it. */
export const IDS_HEADER = 'bgtasks-ids';

/** What a caller does on it: it waits, and sends the request again. */
export const BUSY = 'MaxConnectionsReached';
export const BUSY_OUTCOME: Outcome = { error: { code: BUSY, message: 'No Available Workers' } };

export const UNKNOWN_TARGET = 'RPCTargetDoesNotExist';
const MALFORMED = 'RPCMalformedMessage';

/** Longer ids would only be there to be carried back. */
const MAX_ID_LENGTH = 100;
const MAX_SHOWN_BYTES = 200;

export type CommandId = string | number;

export interface SocketCommand {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly id?: CommandId;
  readonly timeoutMs?: number;
}

/** `refused`: the answer to what is no request. Undefined where there is no command at all. */
export type ReadCommand = SocketCommand | { readonly refused: Outcome; readonly id?: CommandId } | undefined;

export function readCommand(bytes: Buffer, maxBytes: number): ReadCommand {
  let value: unknown;
  try {
    value = readJson(bytes, maxBytes);
  } catch {
    return { refused: malformed(bytes) };
  }
  const name = own(value, 'command');
  if (typeof name !== 'string') return undefined;
  const id = own(value, 'id') ?? undefined;
  if (id !== undefined && !isId(id)) return { refused: malformed(bytes) };
  const withId = id !== undefined && { id };
  const args = own(value, 'command_args') ?? [];
  const kwargs = own(value, 'command_kwargs') ?? {};
  if (!Array.isArray(args) || !isObject(kwargs)) return { refused: malformed(bytes), ...withId };
  const timeoutMs = own(value, 'timeout_ms');
  const isTimeout = typeof timeoutMs === 'number' && timeoutMs > 0;
  return { name, args, kwargs, ...withId, ...(isTimeout && { timeoutMs }) };
}

export function writeCommand({ name, args, kwargs, id, timeoutMs }: SocketCommand, maxBytes: number): Buffer {
  const command = { command: name, command_args: args, command_kwargs: kwargs };
  return writeJson({ ...command, id, timeout_ms: timeoutMs }, maxBytes);
}

/** An answer that cannot be written is a failure of the task, and its caller learns of it. */
export function writeReply(outcome: Outcome, id: CommandId | undefined, maxBytes: number): Buffer {
  const withId = id !== undefined && { id };
  try {
    return writeJson({ ...writeAnswer(outcome), ...withId }, maxBytes);
  } catch (error) {
    const { code = 'HANDLER_FAILED' } = error as { code?: string };
    return writeJson({ ...writeAnswer({ error: { code, message: messageOf(error) } }), ...withId }, Infinity);
  }
}

/** Throws `BAD_BODY` or `BODY_TOO_LARGE`. */
export function readReply(bytes: Buffer, maxBytes: number): { readonly id?: CommandId; readonly outcome: Outcome } {
  const value = readJson(bytes, maxBytes);
  const id = own(value, 'id');
  return { outcome: readAnswer(value), ...(isId(id) && { id }) };
}

function malformed(bytes: Buffer): Outcome {
  const shown = bytes.toString('utf8', 0, MAX_SHOWN_BYTES);
  return { error: { code: MALFORMED, message: `RPCManager received unknown message structure: ${shown}` } };
}

function isId(id: unknown): id is CommandId {
  return typeof id === 'number' || (typeof id === 'string' && id.length <= MAX_ID_LENGTH);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
