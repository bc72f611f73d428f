/**
 * Times of day.
 *
 * Shape:  a text `HH:MM:SS[.uuuuuu]`, which is what TypeORM gives for `time` columns and takes for them.
 */
import { CLOCK_OPTION_NAMES, type Clock, type ClockOptions, clockOf } from './clock-options.js';
import { parseTime, timeText } from './clock-text.js';
import { Field, usage } from './field.js';
import type { NoOptions } from './types.js';

export type TimeOptions = ClockOptions;

/** Reads `'13:05'` as `'13:05:00'`; text after the time is passed over, as Django does. */
export class TimeField<const P extends TimeOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    invalid: 'Time has wrong format. Use one of these formats instead: {format}.',
  };
  static override readonly optionNames: readonly string[] = CLOCK_OPTION_NAMES;

  readonly #clock: Clock;

  constructor(options?: P) {
    super(options);
    this.#clock = clockOf(this.settings, parseTime, 'hh:mm[:ss[.uuuuuu]]');
  }

  override toInternalValue(data: unknown): string {
    const moment = typeof data === 'string' ? this.#clock.read(data) : undefined;
    return moment ? timeText(moment) : this.fail('invalid', { format: this.#clock.words });
  }

  /** A text that is no time is shown as it is, nothing as null. */
  override toRepresentation(value: unknown): string {
    if (value === null || value === undefined || value === '') return null as unknown as string;
    if (value instanceof Date) throw usage('TimeField shows texts such as "13:05:00", and no Date.');
    const { write } = this.#clock;
    const moment = write ? parseTime(String(value)) : undefined;
    return write && moment ? write(moment) : String(value);
  }
}
