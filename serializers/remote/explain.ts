/**
 * How a response with remote fields is made.
 *
 * Shape:  `explain(serializer)` gives the plan of its class at any time: which routes each wave can ask, and for which
 *         fields. Once `data` is read it gives what was asked as well: keys, requests, times.
 * Units:  milliseconds.
 */

import { usage } from '../../fields/field.js';
import { RemoteSlot } from '../../fields/remote.js';
import type { AnyField, FieldOptions } from '../../fields/types.js';
import { preview } from '../../lib/errors.js';
import { compiled } from '../compile.js';
import { DEFINITION, type Definition } from '../definition.js';
import type { Report, WaveReport } from './report.js';

/** A route that a wave can ask, and the fields that do: `comments.author`. */
export interface PlannedRoute {
  readonly route: string;
  readonly fields: readonly string[];
}

export interface PlannedWave {
  readonly routes: readonly PlannedRoute[];
}

export interface Explanation {
  /** What the class can ask, whatever the rows. A class that leads back to itself is followed once. */
  readonly plan: readonly PlannedWave[];
  /** What was asked, in the order it was sent; empty before `data` is read. */
  readonly waves: readonly WaveReport[];
  /** From the start of the response to its last slot; undefined before that. */
  readonly ms: number | undefined;
}

const reports = new WeakMap<object, Report>();

/** Told by a serializer when its data is read. */
export function reported(serializer: object, report: Report): void {
  reports.set(serializer, report);
}

/** Of a serializer, or of a list of them: `explain(UserSerializer.many(users))`. */
export function explain(serializer: object): Explanation {
  const planner = new Planner();
  planner.addClass(classOf(serializer), 0, '', []);
  const report = reports.get(serializer);
  return { plan: planner.waves, waves: report?.waves ?? [], ms: report?.ms };
}

type SerializerType = { readonly [DEFINITION]: Definition };

function classOf(serializer: object): SerializerType {
  const { child } = serializer as { child?: object };
  const type = (child ?? serializer).constructor;
  if (typeof type === 'function' && DEFINITION in type) return type as unknown as SerializerType;
  throw usage(`explain() needs a serializer or a list of them, not ${preview(serializer)}.`);
}

class Planner {
  readonly #waves: Map<string, string[]>[] = [];

  get waves(): readonly PlannedWave[] {
    return this.#waves.map((routes) => ({ routes: Array.from(routes, ([route, fields]) => ({ route, fields })) }));
  }

  /** `above` are the classes on the way here. */
  addClass(type: SerializerType, wave: number, path: string, above: readonly unknown[]): void {
    if (above.includes(type)) return;
    for (const [name, field] of Object.entries(compiled(type[DEFINITION]).fields)) {
      this.#addField(field, wave, path === '' ? name : `${path}.${name}`, [...above, type]);
    }
  }

  #addField(field: AnyField, wave: number, path: string, above: readonly unknown[]): void {
    const { writeOnly, child } = field.options as FieldOptions & { child?: AnyField };
    if (writeOnly) return;
    if (field instanceof RemoteSlot) {
      this.#add(field.route, wave, path);
      this.#descend(field.options.serializer, wave + 1, path, above);
    } else if (child) {
      this.#addField(child, wave, path, above);
    } else {
      this.#descend((field as { serializer?: unknown }).serializer, wave, path, above);
    }
  }

  /** Into a class of ours; what others do inside is not known. */
  #descend(type: unknown, wave: number, path: string, above: readonly unknown[]): void {
    if (typeof type === 'function' && DEFINITION in type)
      this.addClass(type as unknown as SerializerType, wave, path, above);
  }

  #add(route: string, wave: number, path: string): void {
    while (this.#waves.length <= wave) this.#waves.push(new Map());
    const routes = this.#waves[wave] as Map<string, string[]>;
    const fields = routes.get(route);
    if (fields) fields.push(path);
    else routes.set(route, [path]);
  }
}
