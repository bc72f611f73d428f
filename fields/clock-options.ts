/** The options that dates and times share, made ready once. */
import { clockReader, clockWriter, formatWords, ISO_8601, isIso } from './clock-format.js';
import type { Moment } from './clock-text.js';
import type { FieldOptions } from './types.js';

export interface ClockOptions extends FieldOptions {
  /** How it is shown: `'iso-8601'`, or directives such as `'%d/%m/%Y'`; null shows the value as it is. Default: `'iso-8601'`. */
  readonly format?: string | null;
  /** How it may be written in input, the first that fits counts. Default: `['iso-8601']`. */
  readonly inputFormats?: readonly string[];
}

export const CLOCK_OPTION_NAMES = ['format', 'inputFormats'] as const;

export interface Clock {
  read(text: string): Moment | undefined;
  /** undefined: ISO 8601; null: as it is. */
  readonly write: ((moment: Moment) => string) | null | undefined;
  /** The formats as a message names them. */
  readonly words: string;
}

/** `readIso` reads ISO 8601, which messages call `isoWords`. */
export function clockOf(
  { format = ISO_8601, inputFormats = [ISO_8601] }: ClockOptions,
  readIso: (text: string) => Moment | undefined,
  isoWords: string,
): Clock {
  const readers = inputFormats.map((each) => (isIso(each) ? readIso : clockReader(each)));
  return {
    read: readers.length === 1 ? (readers[0] as typeof readIso) : (text) => firstOf(readers, text),
    write: format === null ? null : isIso(format) ? undefined : clockWriter(format),
    words: formatWords(inputFormats, isoWords),
  };
}

function firstOf(readers: readonly ((text: string) => Moment | undefined)[], text: string): Moment | undefined {
  for (const read of readers) {
    const moment = read(text);
    if (moment) return moment;
  }
  return undefined;
}
