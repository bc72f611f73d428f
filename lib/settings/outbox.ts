/** The setting `outbox`: checked where it is given, completed where settings are resolved. */
import { preview } from '../errors.js';

export interface OutboxOptions {
  /** How often a relay looks for rows that no commit of its own process announced, in milliseconds. Default: 1,000. */
  pollMs?: number;
  /** Rows that a relay locks and publishes at once. Default: 100. */
  batchSize?: number;
  /** After so many failures of its own a row is parked: kept, and no longer tried. Default: 20, spread over nine hours. */
  maxAttempts?: number;
}

export type OutboxSettings = Readonly<Required<OutboxOptions>>;

const DEFAULTS: OutboxSettings = Object.freeze({ pollMs: 1000, batchSize: 100, maxAttempts: 20 });
/** The most of each: a day; what the publisher lets wait is 10,000 messages. */
const MOST: OutboxSettings = { pollMs: 86_400_000, batchSize: 5000, maxAttempts: 1000 };

/** `true` stands for the defaults. Undefined: no outbox. */
export function outboxSettings(value: boolean | OutboxOptions | undefined): OutboxSettings | undefined {
  if (value === undefined || value === false) return undefined;
  const given = value === true ? {} : value;
  const isGiven = ([, each]: [string, unknown]) => each !== undefined;
  return Object.freeze({ ...DEFAULTS, ...Object.fromEntries(Object.entries(given).filter(isGiven)) });
}

export function outboxProblem(value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined;
  const names = Object.keys(DEFAULTS);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `must be true, false or an object with ${names.join(', ')}, not ${preview(value)}.`;
  }
  for (const [name, number] of Object.entries(value)) {
    if (!names.includes(name)) return `has an unknown option "${name}". Options are: ${names.join(', ')}.`;
    const most = MOST[name as keyof OutboxSettings];
    const isGood = number === undefined || (Number.isInteger(number) && number >= 1 && number <= most);
    if (!isGood) return `: "${name}" must be a whole number from 1 to ${most}, not ${preview(number)}.`;
  }
  return undefined;
}
