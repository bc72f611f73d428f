/**
 * Arguments by position and by name, for handlers that take several: those of contracts, of async tasks, and of Python
 * functions. As a body it is `{ args, kwargs }`.
 */
import { BgTasksError, preview } from '../errors.js';

export interface Arguments<A extends readonly unknown[] = readonly unknown[]> {
  readonly args: A;
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

/** Undefined where it is something else. Own properties only. */
export function readArguments(body: unknown): Arguments | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { args = [], kwargs = {} } = ownOf(body);
  const isNamed = typeof kwargs === 'object' && kwargs !== null && !Array.isArray(kwargs);
  const known = Object.keys(body).every((name) => name === 'args' || name === 'kwargs');
  return known && Array.isArray(args) && isNamed ? { args, kwargs: kwargs as Record<string, unknown> } : undefined;
}

/**
 * The list to call a function with: arguments by name are put where `params` says. Gaps are undefined, so that defaults
 * apply.
 *
 * Errors: `BAD_ARGUMENTS`, naming what is unknown or given twice.
 */
export function positional(route: string, params: readonly string[], { args, kwargs = {} }: Arguments): unknown[] {
  const list = [...args];
  for (const [name, value] of Object.entries(kwargs)) {
    const index = params.indexOf(name);
    if (index < 0)
      throw bad(route, `has no argument ${preview(name)}; its arguments are: ${params.join(', ') || 'none'}.`);
    if (index < args.length) throw bad(route, `got "${name}" by position and by name.`);
    list[index] = value;
  }
  // Holes would be skipped by the methods of arrays.
  return Array.from(list);
}

/** By name alone: Celery's contracts take nothing by position. */
export function named(route: string, params: readonly string[], args: readonly unknown[]): Record<string, unknown> {
  if (args.length > params.length) {
    throw bad(route, `takes ${params.length} arguments (${params.join(', ')}), not ${args.length}.`);
  }
  const given = args.flatMap((value, index) => (value === undefined ? [] : [[params[index], value] as const]));
  return Object.fromEntries(given);
}

function ownOf(body: object): { args?: unknown; kwargs?: unknown } {
  return { args: ownValue(body, 'args'), kwargs: ownValue(body, 'kwargs') };
}

function ownValue(body: object, name: string): unknown {
  return Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
}

function bad(route: string, problem: string): BgTasksError {
  return new BgTasksError('BAD_ARGUMENTS', `"${route}" ${problem}`, { route });
}
