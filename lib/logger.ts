/** What the library logs through: pino's order of arguments, so a pino logger is accepted as it is. */

import { preview } from './errors.js';

const MAX_LINE = 2000;

export interface Logger {
  debug(facts: object, message?: string): void;
  info(facts: object, message?: string): void;
  warn(facts: object, message?: string): void;
  error(facts: object, message?: string): void;
}

type Level = keyof Logger;

const RANK: Record<Level, number> = { debug: 10, info: 20, warn: 30, error: 40 };

/** One line per entry on standard error, facts behind the message as JSON; from `level` on. */
export function consoleLogger(level: Level = 'info', write = (line: string) => process.stderr.write(line)): Logger {
  const at = (own: Level) => (facts: object, message?: string) => {
    if (RANK[own] < RANK[level]) return;
    write(`${own.padEnd(5)} ${message ?? ''} ${format(facts)}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** An error fact is written with its stack, on lines of its own: the log is where stacks stay. */
function format(facts: object): string {
  const { error, ...rest } = facts as { error?: unknown };
  const line = Object.keys(rest).length > 0 ? preview(rest, MAX_LINE) : '';
  if (error === undefined) return line;
  return error instanceof Error ? `${line}\n${stackOf(error)}` : `${line} ${preview(error)}`;
}

function stackOf(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
