/**
 * A service of micro_framework: routes and settings, started and stopped by the program itself.
 *
 * Shape:  a Runner is one service; contexts with pools of their own are several Runners.
 * Errors: what is wrong with routes and settings is thrown by the constructor; a module that a path names, and dependencies
 *         that cannot be built, by `start`.
 */

import { BgTasksError, preview } from '../../errors.js';
import { childHost } from '../../pool-child/child-host.js';
import { Service } from '../../service/service.js';
import { needsServiceName, register, taskName } from './register.js';
import { CheckedRoute, type Route } from './route.js';
import { type RunnerSettings, serviceOptions } from './settings.js';

export interface RunnerOptions {
  routes: readonly Route[];
  settings?: RunnerSettings;
}

export class Runner {
  /** To call, emit and ask for its health. */
  readonly service: Service;
  readonly #routes: readonly CheckedRoute[];

  constructor({ routes, settings = {} }: RunnerOptions) {
    this.#routes = checked(routes);
    this.service = new Service(serviceOptions(settings));
    const { serviceName } = this.service.internals.peek(); // it may be in the environment
    refuseNameless(this.#routes, serviceName);
    refuseTwice(this.#routes, serviceName);
    for (const route of this.#routes) register(this.service, route, serviceName);
  }

  /** Resolves when all routes are served. One that could not be started is closed again. */
  async start(): Promise<void> {
    try {
      for (const route of this.#routes) if (this.#runsHere(route)) await load(route);
      await this.service.start();
    } catch (error) {
      await this.service.close();
      throw error;
    }
  }

  /** Takes nothing new, finishes what runs (at most `drainMs`), closes. Stopping twice is harmless. */
  stop(): Promise<void> {
    return this.service.close();
  }

  /** The children of a pool load this module as well, and import what they run. */
  #runsHere({ pool }: CheckedRoute): boolean {
    const { environment, pool: usual } = this.service.internals.peek();
    const isInline = environment === 'test' || (pool ?? usual) === 'inline';
    return isInline === !childHost();
  }
}

async function load({ target, callback }: CheckedRoute): Promise<void> {
  await target.load();
  await callback?.load();
}

function checked(routes: unknown): readonly CheckedRoute[] {
  const list = Array.isArray(routes) ? routes : [routes];
  const wrong = list.findIndex((route) => !(route instanceof CheckedRoute));
  if (Array.isArray(routes) && wrong < 0) return [...routes];
  const message = `new Runner({ routes }) takes a list of new Route(...), not ${preview(list[wrong] ?? routes)}.`;
  throw new BgTasksError('INVALID_TASK', message);
}

function refuseNameless(routes: readonly CheckedRoute[], serviceName: string | undefined): void {
  const route = serviceName === undefined && routes.find(({ entrypoint }) => needsServiceName(entrypoint));
  if (!route) return;
  const message =
    `The Route of "${route.name}" (${route.place}) needs the setting "SERVICE_NAME": ` +
    'its queue is named after the service.';
  throw new BgTasksError('INVALID_SETTING', message, { setting: 'SERVICE_NAME' });
}

function refuseTwice(routes: readonly CheckedRoute[], serviceName: string | undefined): void {
  const known = new Map<string, CheckedRoute>();
  for (const route of routes) {
    const name = taskName(route, serviceName);
    const { place } = known.get(name) ?? {};
    if (place !== undefined) {
      const message =
        `Two Routes are "${name}": at ${place}, and at ${route.place}. ` +
        'Remove one, or give its entrypoint a name of its own.';
      throw new BgTasksError('DUPLICATE_TASK', message, { route: name, places: [place, route.place] });
    }
    known.set(name, route);
  }
}
