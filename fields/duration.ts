/**
 * Lengths of time.
 *
 * Shape:  a number of milliseconds, with a fraction for microseconds: exact up to 285 years. It is shown as
 *         `[DD] [HH:[MM:]]ss[.uuuuuu]`, which an `interval` column of PostgreSQL takes as well.
 * Units:  milliseconds inside; a number in the input is seconds, as in Django REST framework.
 */
import {
  DURATION_FORMAT,
  durationText,
  durationWords,
  isTooLongATime,
  MAX_DAYS,
  millisecondsIn,
  parseDuration,
} from './duration-text.js';
import { Field, usage } from './field.js';
import { BOUND_MESSAGES } from './number.js';
import type { INPUT } from './related-types.js';
import type { FieldOptions, NoOptions } from './types.js';

export interface DurationOptions extends FieldOptions {
  /** Milliseconds. */
  readonly minValue?: number;
  /** Milliseconds. */
  readonly maxValue?: number;
}

/** Reads `'3 days 08:32:01'`, `'90'` (seconds), `'PT1H30M'`, and numbers of seconds. */
export class DurationField<const P extends DurationOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    ...BOUND_MESSAGES,
    invalid: 'Duration has wrong format. Use one of these formats instead: {format}.',
    overflow: 'The number of days must be between {min_days} and {max_days}.',
  };
  static override readonly optionNames: readonly string[] = ['minValue', 'maxValue'];

  declare readonly [INPUT]?: string | number;

  constructor(options?: P) {
    super(options);
    const { minValue, maxValue } = this.settings as DurationOptions;
    if (maxValue !== undefined && maxValue !== null) {
      this.refuseWhen((value: number) => value > maxValue, 'max_value', { max_value: durationWords(maxValue) });
    }
    if (minValue !== undefined && minValue !== null) {
      this.refuseWhen((value: number) => value < minValue, 'min_value', { min_value: durationWords(minValue) });
    }
  }

  override toInternalValue(data: unknown): number {
    const isText = typeof data === 'string' || typeof data === 'number' || typeof data === 'bigint';
    const microseconds = isText ? parseDuration(String(data)) : undefined;
    if (microseconds === undefined) return this.fail('invalid', { format: DURATION_FORMAT });
    if (isTooLongATime(microseconds)) this.fail('overflow', { min_days: -MAX_DAYS, max_days: MAX_DAYS });
    return millisecondsIn(microseconds);
  }

  /** Takes what a driver gives for an interval as well: its text, or its parts by name. */
  override toRepresentation(value: unknown): string {
    const milliseconds = typeof value === 'number' ? value : millisecondsOf(value);
    if (!Number.isFinite(milliseconds)) throw usage(`DurationField cannot show ${String(value)}.`);
    return durationText(milliseconds);
  }
}

/** Units of the parts of an interval; as many days in months and years as Django's driver counts. */
const DAY_MS = 86_400_000;
const UNIT_MS = {
  years: 365 * DAY_MS,
  months: 30 * DAY_MS,
  days: DAY_MS,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
} as const;

function millisecondsOf(value: unknown): number {
  if (typeof value === 'string') {
    const microseconds = parseDuration(value);
    return microseconds === undefined ? Number.NaN : millisecondsIn(microseconds);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return Number.NaN;
  const parts = Object.entries(UNIT_MS).map(([name, unit]) => unit * ((value as Record<string, number>)[name] ?? 0));
  return parts.reduce((sum, part) => sum + part, 0);
}
