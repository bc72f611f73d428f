/** Checks of one value: all of them see it, and all their errors are told. */

import { forsake, isPromise, type MaybePromise } from '../lib/maybe-promise.js';
import type { ErrorDetail, ValidationError } from '../lib/validation-error.js';
import { attempt, holdsNothing, isRefusal, refusal } from './refusal.js';
import type { Ctx } from './types.js';

/** Gives a refusal, throws it, or does neither; a promise rejects with it. */
// biome-ignore lint/suspicious/noExplicitAny: each check names the type that its field gives it
export type Check = (value: any, ctx: Ctx) => unknown;

/** What refuses the value, at once where no check is asynchronous. Nothing is allocated for what all let pass. */
export function runChecks(
  checks: readonly Check[],
  value: unknown,
  ctx: Ctx,
): MaybePromise<ValidationError | undefined> {
  let found: unknown[] | undefined;
  let isWaiting = false;
  try {
    for (const check of checks) {
      const one = attempt(() => check(value, ctx));
      if (one === undefined) continue;
      isWaiting ||= isPromise(one);
      found = found ? [...found, one] : [one];
    }
  } catch (error) {
    if (found) forsake(found);
    throw error;
  }
  if (found === undefined) return undefined;
  return isWaiting ? Promise.all(found).then(joined) : joined(found);
}

/** Several lists become one; a tree by name stands as it is, since there is no list to add it to. */
function joined(found: readonly unknown[]): ValidationError | undefined {
  const refused = found.filter((one): one is ValidationError => isRefusal(one) && !holdsNothing(one));
  if (refused.length <= 1) return refused[0];
  const tree = refused.find(({ errors }) => !Array.isArray(errors));
  return tree ?? refusal(refused.flatMap(({ errors }) => errors as readonly ErrorDetail[]));
}
