/**
 * Rules of schedules: from text, and to the next slot. Slots are epoch milliseconds.
 *
 * Errors: `INVALID_TASK`, naming the schedule, what was given and what is allowed.
 */
import { createRequire } from 'node:module';
import type { Cron } from 'croner';
import { BgTasksError, messageOf, preview } from '../errors.js';
import type { ScheduleRule } from './schedule.js';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const MIN_MS = 1000;
/** A year. Longer ones would be hard to tell from a mistake. */
const MAX_MS = 366 * 86_400_000;

export function intervalRule(name: string, text: unknown): ScheduleRule {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?) (s|min|h|d)$/.exec(String(text)) ?? [];
  const intervalMs = Math.round(Number(amount) * (UNIT_MS[unit] ?? Number.NaN) * 1000) / 1000;
  if (Number.isInteger(intervalMs) && intervalMs >= MIN_MS && intervalMs <= MAX_MS) {
    return { every: String(text), intervalMs };
  }
  const allowed = 'must be a number and a unit, from "1 s" to "366 d"; units are s, min, h, d';
  throw new BgTasksError('INVALID_TASK', `The interval of "${name}" ${allowed}. It is ${preview(text)}.`);
}

export function cronRule(name: string, cron: unknown, timeZone: unknown = 'UTC'): ScheduleRule {
  const refuse = (problem: string, cause?: unknown) =>
    new BgTasksError('INVALID_TASK', `The cron expression of "${name}" ${problem}`, { name }, { cause });
  if (typeof cron !== 'string') throw refuse(`must be a text such as "0 3 * * *", not ${preview(cron)}.`);
  checkTimeZone(name, timeZone);
  const rule = { cron, timeZone };
  let first: number | undefined;
  try {
    first = slotsOf(rule).next(Date.now());
  } catch (error) {
    throw refuse(`cannot be read: ${preview(cron)}. ${messageOf(error)}`, error);
  }
  if (first === undefined) throw refuse(`never comes true: ${preview(cron)}.`);
  return rule;
}

/** The first slot after a time; undefined where there is none any more. */
export interface Slots {
  next(after: number): number | undefined;
}

export function slotsOf(rule: ScheduleRule): Slots {
  if ('intervalMs' in rule) {
    const { intervalMs } = rule;
    return { next: (after) => (Math.floor(after / intervalMs) + 1) * intervalMs };
  }
  const cron = new (cronClass())(rule.cron, { timezone: rule.timeZone, paused: true, mode: '5-or-6-parts' });
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() };
}

/** For tables and messages. */
export function ruleText(rule: ScheduleRule): string {
  return 'cron' in rule ? rule.cron : rule.every;
}

function checkTimeZone(name: string, timeZone: unknown): asserts timeZone is string {
  try {
    if (typeof timeZone !== 'string') throw new TypeError('It must be a text.');
    new Intl.DateTimeFormat('en', { timeZone });
  } catch (cause) {
    const message = `The "timeZone" of "${name}" must be an IANA name such as "Europe/Berlin", not ${preview(timeZone)}.`;
    throw new BgTasksError('INVALID_TASK', message, { name }, { cause });
  }
}

let loaded: typeof Cron | undefined;

/** Loaded by the first cron expression, and not by everyone: 33 KB. `require`, as registering cannot wait. */
function cronClass(): typeof Cron {
  loaded ??= (createRequire(import.meta.url)('croner') as { Cron: typeof Cron }).Cron;
  return loaded;
}
