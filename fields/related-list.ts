/** A list of rows of another table, each shown and written by a relation field. */

import { isPromise, type MaybePromise } from '../lib/maybe-promise.js';
import type { ValidationError } from '../lib/validation-error.js';
import { attempt, isRefusal, runEach } from './refusal.js';

/** The first item that is refused speaks for the list, as in Django REST framework. All of them are looked up at once. */
export function readRelated(
  data: readonly unknown[],
  readItem: (item: unknown) => unknown,
): MaybePromise<object[] | ValidationError> {
  const read = runEach(data, (item) => attempt(() => readItem(item)));
  return read.some(isPromise) ? Promise.all(read).then(rowsOf) : rowsOf(read);
}

function rowsOf(items: readonly unknown[]): object[] | ValidationError {
  return items.find(isRefusal) ?? (items as object[]);
}
