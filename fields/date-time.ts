/**
 * Points in time.
 *
 * Shape:  a `Date`, which is an instant to the millisecond: finer input is cut off. It has no zone of its own, so
 *         `defaultTimezone` says where the clocks are that input without a zone means, and that are shown.
 */
import { offsetText } from './clock-format.js';
import { CLOCK_OPTION_NAMES, type Clock, type ClockOptions, clockOf } from './clock-options.js';
import { dateText, type Moment, parseDateTime, timeText, utcMilliseconds, utcMoment } from './clock-text.js';
import { Field } from './field.js';
import { TimeZone } from './time-zone.js';
import type { NoOptions } from './types.js';

export interface DateTimeOptions extends ClockOptions {
  /** The IANA name of a zone; null is UTC that is shown without saying so. Default: `'UTC'`. */
  readonly defaultTimezone?: string | null;
}

type Shown<P> = P extends { readonly format: null } ? Date : string;

/** Years of four digits: what databases and ISO 8601 have in common. */
const EARLIEST = Date.parse('0001-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Reads ISO 8601 texts into a `Date`; shows ISO 8601. */
export class DateTimeField<const P extends DateTimeOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    invalid: 'Datetime has wrong format. Use one of these formats instead: {format}.',
    make_aware: 'Invalid datetime for the timezone "{timezone}".',
    overflow: 'Datetime value out of range.',
  };
  static override readonly optionNames: readonly string[] = [...CLOCK_OPTION_NAMES, 'defaultTimezone'];

  readonly #clock: Clock;
  /** null: the clocks are not named. */
  readonly #zone: TimeZone | null;

  constructor(options?: P) {
    super(options);
    const { defaultTimezone = 'UTC' } = this.settings as DateTimeOptions;
    this.#zone = defaultTimezone === null ? null : new TimeZone(defaultTimezone);
    this.#clock = clockOf(this.settings, parseDateTime, 'YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]');
  }

  override toInternalValue(data: unknown): Date {
    if (data instanceof Date && !Number.isNaN(data.getTime())) return data;
    const moment = typeof data === 'string' ? this.#clock.read(data) : undefined;
    if (moment === undefined) return this.fail('invalid', { format: this.#clock.words });
    const instant = this.#instantOf(moment);
    if (instant < EARLIEST || instant > LATEST) this.fail('overflow');
    return new Date(instant);
  }

  /** A text is shown as it is, as some drivers give texts; nothing is shown as null. */
  override toRepresentation(value: unknown): Shown<P> {
    const { write } = this.#clock;
    if (!value || (value instanceof Date && Number.isNaN(value.getTime()))) return null as unknown as Shown<P>;
    if (!(value instanceof Date)) return String(value) as Shown<P>;
    if (write === null) return value as Shown<P>;
    return (write ? write(this.#momentAt(value)) : this.#isoText(value)) as Shown<P>;
  }

  #instantOf(moment: Moment): number {
    if (moment.offset !== undefined) return utcMilliseconds(moment) - moment.offset * 60_000;
    const zone = this.#zone;
    if (zone === null) return utcMilliseconds(moment);
    return zone.instantOf(moment) ?? this.fail('make_aware', { timezone: zone.name });
  }

  #momentAt(date: Date): Moment {
    return this.#zone === null ? utcMoment(date) : this.#zone.momentAt(date);
  }

  #isoText(date: Date): string {
    if (this.#zone === null || this.#zone.name === 'UTC') return `${utcText(date)}${this.#zone === null ? '' : 'Z'}`;
    const moment = this.#zone.momentAt(date);
    const offset = offsetText(moment.offset ?? 0);
    return `${dateText(moment)}T${timeText(moment)}${offset === '+00:00' ? 'Z' : offset}`;
  }
}

/** A fraction has six digits as in Python, and is left out where it is nought. */
function utcText(date: Date): string {
  const text = date.toISOString();
  return text.endsWith('.000Z') ? text.slice(0, -5) : `${text.slice(0, -1)}000`;
}
