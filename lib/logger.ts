/**
 * What the library logs through.
 *
 * Shape:  pino's order of arguments, and an error is the fact `err`, as pino shows a stack under that name alone: so a pino
 *         logger is accepted as it is. Bodies are never logged.
 */

import { preview } from './errors.js';

const MAX_LINE = 2000;

export interface Logger {
  debug(facts: object, message?: string): void;
  info(facts: object, message?: string): void;
  warn(facts: object, message?: string): void;
  error(facts: object, message?: string): void;
}

export type LogLevel = keyof Logger;
/** `text` for people, `json` for collectors: an object per line. */
export type LogFormat = 'text' | 'json';

export interface ConsoleLoggerOptions {
  /** Entries below it are dropped. Default: `info`. */
  readonly level?: LogLevel;
  /** Default: `text` where standard error is a terminal, else `json`. */
  readonly format?: LogFormat;
  /** Default: to standard error. */
  readonly write?: (line: string) => unknown;
}

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
export const LOG_FORMATS: readonly LogFormat[] = ['text', 'json'];

/** One entry per line, on standard error. */
export function consoleLogger(options: ConsoleLoggerOptions = {}): Logger {
  const { level = 'info', format = defaultFormat(), write = (line) => process.stderr.write(line) } = options;
  const lineOf = format === 'json' ? jsonLine : textLine;
  const at = (own: LogLevel) => {
    const isWritten = LOG_LEVELS.indexOf(own) >= LOG_LEVELS.indexOf(level);
    return isWritten ? (facts: object, message = '') => void write(`${lineOf(own, facts, message)}\n`) : () => {};
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function defaultFormat(): LogFormat {
  return process.stderr.isTTY ? 'text' : 'json';
}

/** `14:03:07 info  task done {"route":"user.get"}`, and below it the stack of an error: the log is where stacks stay. */
function textLine(level: LogLevel, facts: object, message: string): string {
  const { err: error, ...rest } = facts as { err?: unknown };
  const time = new Date().toTimeString().slice(0, 8);
  const known = Object.keys(rest).length > 0 ? ` ${preview(rest, MAX_LINE)}` : '';
  const line = `${time} ${level.padEnd(5)} ${message}${known}`.trimEnd();
  if (error === undefined) return line;
  return error instanceof Error ? `${line}\n${stackOf(error)}` : `${line} ${preview(error)}`;
}

/** `{"time":"...","level":"info","message":"task done","route":"user.get"}`. Facts of those three names are left out. */
function jsonLine(level: LogLevel, facts: object, message: string): string {
  const entry = { time: new Date().toISOString(), level, message };
  try {
    return JSON.stringify({ ...entry, ...facts, ...entry }, readable);
  } catch {
    return JSON.stringify({ ...entry, facts: preview(facts, MAX_LINE) }); // a circle, or a toJSON that throws
  }
}

/** Errors and large integers would otherwise be `{}` and a failure. */
function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, code } = value as Error & { code?: unknown };
  return { name, code, message, stack: stackOf(value) };
}

function stackOf(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
