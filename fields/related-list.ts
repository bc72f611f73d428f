/** A list of rows of another table, each shown and written by a relation field. */
import { isPromise, type MaybePromise } from './maybe-promise.js';

type Attempt = { readonly value: object } | { readonly error: unknown };

/** The first item that is refused speaks for the list, as in Django REST framework. All of them are looked up at once. */
export function readRelated(
  data: readonly unknown[],
  readItem: (item: unknown) => MaybePromise<object>,
): MaybePromise<object[]> {
  const read = data.map((item) => attempt(() => readItem(item)));
  return read.some(isPromise) ? Promise.all(read).then(valuesOf) : valuesOf(read as Attempt[]);
}

function valuesOf(items: readonly Attempt[]): object[] {
  return items.map((item) => {
    if ('error' in item) throw item.error;
    return item.value;
  });
}

function attempt(run: () => MaybePromise<object>): MaybePromise<Attempt> {
  try {
    const value = run();
    if (!isPromise(value)) return { value };
    return (value as Promise<object>).then(
      (late) => ({ value: late }),
      (error) => ({ error }),
    );
  } catch (error) {
    return { error };
  }
}
