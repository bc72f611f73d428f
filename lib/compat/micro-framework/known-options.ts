import { BgTasksError, preview } from '../../errors.js';

/** Throws `INVALID_TASK` for an option that is none: a misspelt one would do nothing, silently. */
export function checkKnown(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new BgTasksError('INVALID_TASK', `${what} takes an object of options, not ${preview(options)}.`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const message = `${what} has no option "${unknown}". Options are: ${known.join(', ')}.`;
  throw new BgTasksError('INVALID_TASK', message);
}
