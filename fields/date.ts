/**
 * Days of the calendar.
 *
 * Shape:  a text `YYYY-MM-DD`, which is what TypeORM gives for `date` columns and takes for them. A `Date` is refused:
 *         it is an instant, and which day that is depends on where one stands.
 */
import { CLOCK_OPTION_NAMES, type Clock, type ClockOptions, clockOf } from './clock-options.js';
import { dateText, parseDate } from './clock-text.js';
import { Field, usage } from './field.js';
import type { NoOptions } from './types.js';

export type DateOptions = ClockOptions;

/** Reads `'2001-1-31'` as `'2001-01-31'`. */
export class DateField<const P extends DateOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    invalid: 'Date has wrong format. Use one of these formats instead: {format}.',
    datetime: 'Expected a date but got a datetime.',
  };
  static override readonly optionNames: readonly string[] = CLOCK_OPTION_NAMES;

  readonly #clock: Clock;

  constructor(options?: P) {
    super(options);
    this.#clock = clockOf(this.settings, parseDate, 'YYYY-MM-DD');
  }

  override toInternalValue(data: unknown): string {
    if (data instanceof Date) this.fail('datetime');
    const moment = typeof data === 'string' ? this.#clock.read(data) : undefined;
    return moment ? dateText(moment) : this.fail('invalid', { format: this.#clock.words });
  }

  /** A text that is no date is shown as it is, nothing as null. */
  override toRepresentation(value: unknown): string {
    if (!value) return null as unknown as string;
    if (value instanceof Date) {
      throw usage('DateField shows texts such as "2001-01-31", and no Date: in which time zone would that be?');
    }
    const { write } = this.#clock;
    const moment = write ? parseDate(String(value)) : undefined;
    return write && moment ? write(moment) : String(value);
  }
}
