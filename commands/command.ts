/** What every command gets, and what they share. */
import type { Command } from 'commander';
import { BgTasksError, messageOf } from '../lib/errors.js';
import type { Service } from '../lib/service/service.js';
import { EXIT } from './exit.js';
import type { Output } from './output.js';

export interface CommandContext {
  readonly service: Service;
  readonly output: Output;
  exit(code: number): void;
}

export type AddCommand = (program: Command, context: CommandContext) => void;

/** Runs the work of a command; an error on purpose is one line on standard error, any other keeps its stack. */
export async function reporting(context: CommandContext, work: () => Promise<number>): Promise<void> {
  try {
    context.exit(await work());
  } catch (error) {
    const isOurs = error instanceof BgTasksError;
    const text = isOurs ? oneLine(error.message) : ((error as Error).stack ?? messageOf(error));
    context.output.error(`bgtasks: ${text}\n`);
    context.exit(EXIT.failed);
  }
}

export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

/** A Node timer takes no more; beyond it fires at once. Nothing else that is counted here comes near. */
const MAX_NUMBER = 2 ** 31 - 1;

/** A number of an option; commander shows the message. */
export function wholeNumber(name: string, text: string, fail: (message: string) => Error): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= MAX_NUMBER) return value;
  throw fail(`${name} must be a whole number from 1 to ${MAX_NUMBER}.`);
}
