/**
 * What a handler made by `provide(repository, { invalidate: true })` says of itself: whose changes are those of its objects.
 * It stands on the handler, where the service that serves it finds it.
 */
import type { RepositoryLike } from './repository.js';

/** The rows that a provider gives out. */
export interface ProvidedRows {
  readonly repository: RepositoryLike<object>;
  /** The property of a key, or its properties; undefined means the primary key. */
  readonly by: string | readonly string[] | undefined;
}

/** Under a registered symbol, so that another copy of the package finds it too. */
const ROWS = Symbol.for('bgtasks.invalidates');

export function markInvalidating(handler: object, rows: ProvidedRows): void {
  Object.defineProperty(handler, ROWS, { value: rows });
}

/** undefined for every other handler. */
export function invalidatingRows(handler: object): ProvidedRows | undefined {
  return (handler as { [ROWS]?: ProvidedRows })[ROWS];
}
