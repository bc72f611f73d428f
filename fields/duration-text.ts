/**
 * Lengths of time as texts.
 *
 * Shape:  `[DD] [HH:[MM:]]ss[.uuuuuu]`, ISO 8601 (`P1DT2H`) and PostgreSQL's intervals.
 * Units:  whole microseconds inside, as a bigint; milliseconds, as a number, outside.
 */
import { asciiDigits } from './validators.js';

export const DURATION_FORMAT = '[DD] [HH:[MM:]]ss[.uuuuuu]';
/** As much as Python holds. */
export const MAX_DAYS = 999_999_999;

const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

// A line feed may stand at the end, as Python's `$` stands before one too.
const STANDARD =
  /^(?:(?<days>-?\d+) (?:days?, )?)?(?<sign>-?)(?:(?:(?<hours>\d+):)(?=\d+:\d+))?(?:(?<minutes>\d+):)?(?<seconds>\d+)(?:[.,](?<fraction>\d{1,6})\d{0,6})?\n?$/;
const POSTGRES =
  /^(?:(?<days>-?\d+) days? ?)?(?:(?<sign>[-+])?(?<hours>\d+):(?<minutes>\d\d):(?<seconds>\d\d)(?:\.(?<fraction>\d{1,6}))?)?\n?$/;
const NUMBER = String.raw`\d+(?:[.,]\d+)?`;
const ISO = new RegExp(
  `^(?<sign>[-+]?)P(?:(?<days>${NUMBER})D)?(?:T(?:(?<hours>${NUMBER})H)?(?:(?<minutes>${NUMBER})M)?(?:(?<seconds>${NUMBER})S)?)?\n?$`,
);
/** The usual number. */
const SECONDS = /^-?\d{1,15}$/;
const LONGEST_TEXT = 200;

/** Microseconds; undefined for what is no length of time. */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  if (SECONDS.test(text)) return BigInt(text) * SECOND;
  const plain = asciiDigits(text);
  const clock = (STANDARD.exec(plain) ?? POSTGRES.exec(plain))?.groups;
  if (clock) return BigInt(clock.days ?? 0) * DAY + signed(clock.sign, time(clock));
  const iso = ISO.exec(plain)?.groups;
  return iso && signed(iso.sign, micros(iso.days, DAY) + time(iso));
}

type Groups = Readonly<Record<string, string | undefined>>;

function time({ hours, minutes, seconds, fraction = '' }: Groups): bigint {
  const whole = micros(hours, 3600n * SECOND) + micros(minutes, 60n * SECOND) + micros(seconds, SECOND);
  return whole + BigInt(fraction.padEnd(6, '0'));
}

function signed(sign: string | undefined, value: bigint): bigint {
  return sign === '-' ? -value : value;
}

/** `1,5` hours, and so on; rounded to the microsecond. */
function micros(text: string | undefined, unit: bigint): bigint {
  if (text === undefined) return 0n;
  const [whole = '0', fraction = ''] = text.split(/[.,]/);
  const scale = 10n ** BigInt(fraction.length);
  return BigInt(whole) * unit + (BigInt(fraction || 0) * unit * 2n + scale) / (scale * 2n);
}

export function isTooLongATime(microseconds: bigint): boolean {
  const days = floorDays(microseconds);
  return days > MAX_DAYS || days < -MAX_DAYS;
}

function floorDays(microseconds: bigint): number {
  const rest = ((microseconds % DAY) + DAY) % DAY;
  return Number((microseconds - rest) / DAY);
}

/** Exact for whole milliseconds of any size, and for whole microseconds up to 285 years. */
export function millisecondsIn(microseconds: bigint): number {
  return Number(microseconds / 1000n) + Number(microseconds % 1000n) / 1000;
}

interface Parts {
  readonly days: number;
  readonly hours: number;
  readonly clock: string;
}

/** Below nought the days are, and the rest counts upwards: a microsecond less than nothing is `-1 23:59:59.999999`. */
function partsOf(milliseconds: number): Parts {
  const microseconds = BigInt(Math.trunc(milliseconds)) * 1000n + BigInt(Math.round((milliseconds % 1) * 1000));
  const rest = Number(((microseconds % DAY) + DAY) % DAY);
  const seconds = Math.floor(rest / 1e6);
  const fraction = rest % 1e6;
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return {
    days: floorDays(microseconds),
    hours: Math.floor(seconds / 3600),
    clock: fraction === 0 ? clock : `${clock}.${String(fraction).padStart(6, '0')}`,
  };
}

/** `1 01:01:01.000005`, without days where there are none. */
export function durationText(milliseconds: number): string {
  const { days, hours, clock } = partsOf(milliseconds);
  const time = `${String(hours).padStart(2, '0')}:${clock}`;
  return days === 0 ? time : `${days} ${time}`;
}

/** For people: `2 days, 3:00:00`. */
export function durationWords(milliseconds: number): string {
  const { days, hours, clock } = partsOf(milliseconds);
  const time = `${hours}:${clock}`;
  return days === 0 ? time : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${time}`;
}
