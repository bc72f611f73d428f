/** A point in time. */
import { Field } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

const FORMAT = 'YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]';
const DATE = String.raw`(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})`;
const TIME = String.raw`(?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:[.,](?<fraction>\d{1,6})\d{0,6})?)?`;
const ZONE = String.raw`(?:\s*(?<zone>Z|[+-]\d{2}(?::?\d{2})?))?`;
const DATE_TIME = new RegExp(`^${DATE}[T ]${TIME}${ZONE}$`);

/** Years of four digits: what databases and ISO 8601 have in common. */
const EARLIEST = Date.parse('0001-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Reads ISO 8601 texts into a `Date`, to the millisecond; without a zone they are UTC. Shows ISO 8601 in UTC. */
export class DateTimeField<const P extends FieldOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    invalid: 'Datetime has wrong format. Use one of these formats instead: {format}.',
    overflow: 'Datetime value out of range.',
  };

  override toInternalValue(data: unknown): Date {
    if (data instanceof Date && !Number.isNaN(data.getTime())) return data;
    const date = typeof data === 'string' ? readDateTime(data) : undefined;
    if (date === undefined) return this.fail('invalid', { format: FORMAT });
    if (date.getTime() < EARLIEST || date.getTime() > LATEST) this.fail('overflow');
    return date;
  }

  /** A text is shown as it is: some drivers give texts. */
  override toRepresentation(value: unknown): string {
    return value instanceof Date ? value.toISOString() : String(value);
  }
}

function readDateTime(text: string): Date | undefined {
  const parts = DATE_TIME.exec(text)?.groups;
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((name) =>
    Number(parts[name] ?? 0),
  ) as [number, number, number, number, number, number];
  const offset = offsetMinutes(parts.zone);
  if (hour > 23 || minute > 59 || second > 59 || year < 1 || offset === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A day that the month does not have would roll over into the next.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const milliseconds = Number((parts.fraction ?? '').padEnd(3, '0').slice(0, 3));
  date.setUTCHours(hour, minute - offset, second, milliseconds);
  return date;
}

/** Minutes east of UTC; undefined where there is no such zone. */
function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
