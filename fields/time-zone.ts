/**
 * Time zones by their IANA names, as `Intl` knows them.
 *
 * Shape:  a zone turns an instant into what its clocks say, and what they say into the instant.
 * Errors: `USAGE` for a name that is no zone.
 */
import { type Moment, utcMilliseconds, utcMoment } from './clock-text.js';
import { usage } from './options.js';

/** Before it `Intl` counts years without saying of which era; no zone had changed its clocks by then. */
const FIRST_DAY = Date.parse('0001-01-02T00:00:00Z');

export class TimeZone {
  readonly name: string;
  /** undefined for UTC, which needs no table. */
  readonly #format: Intl.DateTimeFormat | undefined;

  constructor(name: string) {
    this.name = name;
    this.#format = name === 'UTC' ? undefined : formatOf(name);
  }

  /** Minutes east of UTC at an instant, with a fraction in the times before zones. */
  offsetAt(milliseconds: number): number {
    if (!this.#format) return 0;
    const instant = Math.max(milliseconds, FIRST_DAY);
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const local = utcMilliseconds({ year, month, day, hour, minute, second, microsecond: 0 });
    return (local - Math.floor(instant / 1000) * 1000) / 60_000;
  }

  /** What the clocks of the zone say. */
  momentAt(date: Date): Moment {
    const offset = this.offsetAt(date.getTime());
    return { ...utcMoment(new Date(date.getTime() + offset * 60_000)), offset };
  }

  /** The instant; undefined where clocks said so twice, or never, as they were put forward or back. */
  instantOf(moment: Moment): number | undefined {
    const local = utcMilliseconds(moment);
    if (!this.#format) return local;
    const day = 86_400_000;
    const offsets = new Set([this.offsetAt(local - day), this.offsetAt(local + day)]);
    const instants = [...offsets].map((offset) => local - offset * 60_000);
    const fitting = instants.filter((instant) => instant + this.offsetAt(instant) * 60_000 === local);
    return fitting.length === 1 ? fitting[0] : undefined;
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const numeric = 'numeric' as const;
  const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
  try {
    // Not `iso8601`, which is Julian before 1582 in the ICU of some versions of Node.
    return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', calendar: 'gregory', ...parts });
  } catch {
    throw usage(`There is no time zone "${timeZone}".`);
  }
}
