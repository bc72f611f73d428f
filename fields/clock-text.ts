/**
 * Dates and times of day as texts: ISO 8601 as Django reads it, written in one form.
 *
 * Shape:  `Moment` is a wall clock without a zone. Nothing here knows of time zones.
 */
import { asciiDigits } from './validators.js';

/** What a clock and a calendar on the wall say. */
export interface Moment {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
  /** Minutes east of UTC, where the text says so. */
  readonly offset?: number | undefined;
}

const DATE = String.raw`(\d{4})-(\d{1,2})-(\d{1,2})`;
const TIME = String.raw`(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d{0,6})?)?`;
const ZONE = String.raw`(Z|[+-]\d{2}(?::?\d{2})?)?`;
// A line feed may stand at the end, as Python's `$` stands before one too.
const DATE_TEXT = new RegExp(`^${DATE}\n?$`);
/** What follows a time is not looked at. */
const TIME_TEXT = new RegExp(`^${TIME}`);
const DATE_TIME_TEXT = new RegExp(`^${DATE}[T ]${TIME}${ZONE}\n?$`);
const LONGEST_TEXT = 100;
const NO_DATE = ['1900', '1', '1'];

export function parseDate(text: string): Moment | undefined {
  const parts = matched(text, DATE_TEXT);
  return parts && momentOf(parts.slice(1), []);
}

export function parseTime(text: string): Moment | undefined {
  const parts = matched(text, TIME_TEXT);
  return parts && momentOf(NO_DATE, parts.slice(1));
}

export function parseDateTime(text: string): Moment | undefined {
  const parts = matched(text, DATE_TIME_TEXT);
  return parts && momentOf(parts.slice(1, 4), parts.slice(4));
}

/** Digits of other scripts are read as well, once the text is nothing in ASCII. */
function matched(text: string, pattern: RegExp): readonly (string | undefined)[] | undefined {
  const start = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
  const parts = pattern.exec(start);
  if (parts) return parts;
  const ascii = asciiDigits(start);
  return ascii === start ? undefined : (pattern.exec(ascii) ?? undefined);
}

function momentOf(
  [year, month, day]: readonly (string | undefined)[],
  [hour = '0', minute = '0', second = '0', fraction, zone]: readonly (string | undefined)[],
): Moment | undefined {
  const offset = zone === undefined ? undefined : offsetMinutes(zone);
  if (zone !== undefined && offset === undefined) return undefined;
  return realMoment({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    microsecond: fraction === undefined ? 0 : Number(fraction.padEnd(6, '0')),
    offset,
  });
}

/** The moment, if there is such a day and such a time. */
export function realMoment(moment: Moment): Moment | undefined {
  const { year, month, day, hour, minute, second } = moment;
  if (hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 || year < 1) return undefined;
  return day >= 1 && day <= daysInMonth(year, month) ? moment : undefined;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Minutes east of UTC; undefined for a day and more. */
function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + (zone.length > 3 ? Number(zone.slice(-2)) : 0);
  if (minutes >= 24 * 60) return undefined;
  return zone[0] === '-' ? -minutes : minutes;
}

export function dateText({ year, month, day }: Moment): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** Seconds always, a fraction of six digits where there is one. */
export function timeText({ hour, minute, second, microsecond }: Moment): string {
  const time = `${two(hour)}:${two(minute)}:${two(second)}`;
  return microsecond === 0 ? time : `${time}.${String(microsecond).padStart(6, '0')}`;
}

export function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Milliseconds since 1970 of a clock in UTC; a `Date` costs more, and takes the years up to 99 for later ones. */
export function utcMilliseconds({ year, month, day, hour, minute, second, microsecond }: Moment): number {
  const seconds = (daysSince1970(year, month) + day - 1) * 86_400 + hour * 3600 + minute * 60 + second;
  return seconds * 1000 + Math.floor(microsecond / 1000);
}

/** Up to the first of the month. Years are counted from March, so that the day of a leap year is their last. */
function daysSince1970(year: number, month: number): number {
  const years = month > 2 ? year : year - 1;
  const months = (month + 9) % 12;
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leaps + Math.floor((153 * months + 2) / 5) - 719_468;
}

/** What a clock in UTC says at an instant. */
export function utcMoment(date: Date): Moment {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    microsecond: date.getUTCMilliseconds() * 1000,
  };
}
