/**
 * Formats of dates and times: `'iso-8601'`, or a text of Python's directives such as `'%d/%m/%Y %H:%M'`.
 *
 * Shape:  `clockReader(format)` reads texts of exactly that form, `clockWriter(format)` writes them; names of months and
 *         days are English. Both are made once, when a field is built.
 * Errors: `USAGE` for a directive that is not known.
 */
import { dateText, type Moment, realMoment, timeText, two, utcMilliseconds } from './clock-text.js';
import { usage } from './options.js';
import { asciiDigits, SPACE } from './validators.js';

export const ISO_8601 = 'iso-8601';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const short = (name: string) => name.slice(0, 3);

export function isIso(format: string): boolean {
  return format.toLowerCase() === ISO_8601;
}

// ---------- for people

const WORDS: Readonly<Record<string, string>> = {
  '%Y': 'YYYY',
  '%y': 'YY',
  '%m': 'MM',
  '%b': '[Jan-Dec]',
  '%B': '[January-December]',
  '%d': 'DD',
  '%H': 'hh',
  '%I': 'hh',
  '%M': 'mm',
  '%S': 'ss',
  '%f': 'uuuuuu',
  '%a': '[Mon-Sun]',
  '%A': '[Monday-Sunday]',
  '%p': '[AM|PM]',
  '%z': '[+HHMM|-HHMM]',
};

/** `DD/MM/YYYY hh:mm`; `iso` is what stands for ISO 8601. */
export function formatWords(formats: readonly string[], iso: string): string {
  return formats
    .join(', ')
    .replaceAll(ISO_8601, iso)
    .replace(/%[A-Za-z]/g, (directive) => WORDS[directive] ?? directive);
}

// ---------- writing

const WRITERS: Readonly<Record<string, (moment: Moment) => string>> = {
  Y: ({ year }) => String(year).padStart(4, '0'),
  y: ({ year }) => two(year % 100),
  m: ({ month }) => two(month),
  d: ({ day }) => two(day),
  b: ({ month }) => short(MONTHS[month - 1] as string),
  B: ({ month }) => MONTHS[month - 1] as string,
  a: (moment) => short(dayName(moment)),
  A: dayName,
  H: ({ hour }) => two(hour),
  I: ({ hour }) => two(hour % 12 === 0 ? 12 : hour % 12),
  M: ({ minute }) => two(minute),
  S: ({ second }) => two(second),
  f: ({ microsecond }) => String(microsecond).padStart(6, '0'),
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  j: (moment) => String(dayOfYear(moment)).padStart(3, '0'),
  z: ({ offset }) => (offset === undefined ? '' : offsetText(offset).replace(':', '')),
  F: dateText,
  T: (moment) => timeText({ ...moment, microsecond: 0 }),
  '%': () => '%',
};

export function clockWriter(format: string): (moment: Moment) => string {
  const parts = format
    .split(/(%.?)/s)
    .map((part) => (part.startsWith('%') ? known(WRITERS, part, format) : () => part));
  return (moment) => parts.map((write) => write(moment)).join('');
}

/** `+05:30`; seconds only in the times before zones. */
export function offsetText(minutes: number): string {
  const seconds = Math.round(Math.abs(minutes) * 60);
  const text = `${minutes < 0 ? '-' : '+'}${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`;
  return seconds % 60 === 0 ? text : `${text}:${two(seconds % 60)}`;
}

function dayName(moment: Moment): string {
  return DAYS[new Date(utcMilliseconds(moment)).getUTCDay()] as string;
}

function dayOfYear(moment: Moment): number {
  const first = utcMilliseconds({ ...moment, month: 1, day: 1 });
  return Math.floor((utcMilliseconds(moment) - first) / 86_400_000) + 1;
}

function known<T>(table: Readonly<Record<string, T>>, directive: string, format: string): T {
  const name = directive.slice(1);
  if (Object.hasOwn(table, name)) return table[name] as T;
  throw usage(`The format "${format}" has "${directive}", which is not known here.`);
}

// ---------- reading

/** What a directive matches; each may stand in a format once. */
const PATTERNS: Readonly<Record<string, string>> = {
  Y: String.raw`(?<Y>\d\d\d\d)`,
  y: String.raw`(?<y>\d\d)`,
  m: '(?<m>1[0-2]|0[1-9]|[1-9])',
  d: String.raw`(?<d>3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9])`,
  b: `(?<b>${MONTHS.map(short).join('|')})`,
  B: `(?<B>${MONTHS.join('|')})`,
  a: `(?:${DAYS.map(short).join('|')})`,
  A: `(?:${DAYS.join('|')})`,
  H: String.raw`(?<H>2[0-3]|[0-1]\d|\d)`,
  I: '(?<I>1[0-2]|0[1-9]|[1-9])',
  M: String.raw`(?<M>[0-5]\d|\d)`,
  S: String.raw`(?<S>6[0-1]|[0-5]\d|\d)`,
  f: '(?<f>[0-9]{1,6})',
  p: '(?<p>AM|PM)',
  j: String.raw`(?<j>36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9])`,
  z: String.raw`(?<z>[+-]\d\d:?[0-5]\d|Z)`,
  '%': '%',
};
const LONGEST_TEXT = 200;
const LAST_YEAR = 9999;

export function clockReader(format: string): (text: string) => Moment | undefined {
  const parts = format.split(/(%.?|\s+)/s).map((part) => {
    if (part.startsWith('%')) return known(PATTERNS, part, format);
    return /^\s+$/.test(part) ? `[${SPACE}]+` : part.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  });
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^${parts.join('')}$`, 'i');
  } catch {
    throw usage(`The format "${format}" cannot be read: has it a directive twice?`);
  }
  return (text) => {
    if (text.length > LONGEST_TEXT) return undefined;
    const groups = pattern.exec(asciiDigits(text))?.groups;
    return groups === undefined && !pattern.test(text) ? undefined : momentOf(groups ?? {});
  };
}

function momentOf(groups: Readonly<Record<string, string | undefined>>): Moment | undefined {
  const { Y, y, m = '1', d = '1', b, B, H, M = '0', S = '0', f = '', j, z } = groups;
  const year = Y !== undefined ? Number(Y) : y === undefined ? 1900 : Number(y) + (Number(y) < 69 ? 2000 : 1900);
  const name = (B ?? b)?.slice(0, 3).toLowerCase();
  const month = name === undefined ? Number(m) : MONTHS.findIndex((each) => short(each).toLowerCase() === name) + 1;
  const moment = {
    year,
    month,
    day: Number(d),
    hour: H === undefined ? twelveHours(groups) : Number(H),
    minute: Number(M),
    second: Number(S),
    microsecond: Number(f.padEnd(6, '0')),
    offset: z === undefined ? undefined : zoneMinutes(z),
  };
  const counted = j === undefined ? undefined : dayAt(year, Number(j));
  return counted && counted.year > LAST_YEAR ? undefined : realMoment({ ...moment, ...counted });
}

function twelveHours({ I = '12', p = 'AM' }: Readonly<Record<string, string | undefined>>): number {
  return (Number(I) % 12) + (p.toUpperCase() === 'PM' ? 12 : 0);
}

function zoneMinutes(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone[0] === '-' ? -minutes : minutes;
}

/** Day 366 of a year of 365 days is the first of the next one, as in Python. */
function dayAt(year: number, dayInYear: number): Pick<Moment, 'year' | 'month' | 'day'> {
  const date = new Date(
    utcMilliseconds({ year, month: 1, day: dayInYear, hour: 0, minute: 0, second: 0, microsecond: 0 }),
  );
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
