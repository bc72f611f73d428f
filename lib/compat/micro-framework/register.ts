/** A route becomes a task of a service. AMQP is spoken as micro_framework does; a callback is a job of our own. */
import type { Service } from '../../service/service.js';
import type { Entrypoint } from './entrypoints.js';
import type { CheckedRoute } from './route.js';

/** `(...)(handler)`, or `(...)(prototype, method, descriptor)`. */
type Register = (...args: readonly unknown[]) => (...handler: readonly unknown[]) => unknown;

const PROTOCOL = 'micro-framework';

/** Its name among the tasks of the service. */
export function taskName({ entrypoint, name }: CheckedRoute, serviceName: string | undefined): string {
  switch (entrypoint.kind) {
    case 'event':
      return `${entrypoint.service}.${entrypoint.event}__${name}`;
    case 'schedule':
      return `time.${name}`;
    case 'rpc':
      return `${serviceName}.${name}`;
    case 'websocket':
      return name;
  }
}

export function needsServiceName({ kind }: Entrypoint): boolean {
  return kind === 'event' || kind === 'rpc';
}

export function register(service: Service, route: CheckedRoute, serviceName: string | undefined): void {
  registration(service, route, serviceName)(...route.target.handler);
}

function registration(service: Service, route: CheckedRoute, serviceName: string | undefined): ReturnType<Register> {
  const { entrypoint } = route;
  const options = optionsOf(route);
  const name = taskName(route, serviceName);
  switch (entrypoint.kind) {
    case 'event': {
      const { filter } = entrypoint;
      const onFailed = registerCallback(service, route, serviceName);
      const own = { protocol: PROTOCOL, name: route.name, filter, ...route.backoff, onFailed };
      return as(service.onEvent)(entrypoint.service, entrypoint.event, { ...options, ...own });
    }
    case 'schedule':
      return as(service.every)(name, `${entrypoint.seconds} s`, { ...options, perProcess: true });
    case 'rpc': {
      const { params, description } = entrypoint;
      return as(service.rpcTask)(name, { ...options, protocol: PROTOCOL, params, description });
    }
    case 'websocket': {
      const { params, description } = entrypoint;
      return as(service.webSocketTask)(name, { ...options, params, description });
    }
  }
}

/** Beside the queue of its listener. It has one attempt, then it is a dead letter. */
function registerCallback(service: Service, route: CheckedRoute, serviceName: string | undefined): unknown {
  const { entrypoint, callback, name } = route;
  if (!callback || entrypoint.kind !== 'event') return undefined;
  const queue = `${entrypoint.service}.${entrypoint.event}__${serviceName}.${name}.failed`;
  const options = { ...optionsOf(route), middleware: route.translators, attempts: 1 };
  return as(service.jobTask)(queue, options)(...callback.handler);
}

function optionsOf({ dependencies, middleware, pool }: CheckedRoute): object {
  return { deps: dependencies, middleware, pool };
}

/** What is registered is checked when the Route is made, and again by the service. */
function as(register: unknown): Register {
  return register as Register;
}
