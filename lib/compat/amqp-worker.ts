/**
 * The names of amqp_worker: workers with routes, each a service of its own that needs no command.
 *
 * Shape:  `worker.route('name')(handler)`, then `const stop = await worker.run()`, which resolves when all routes consume.
 *         Messages are gzip(JSON), in the queues that amqp_worker declares.
 */
import { Service } from '../service/service.js';
import type { Handler } from '../tasks/task.js';

/** Where the broker is. */
export interface ConnectionParameters {
  /** Default: `localhost`. */
  host?: string;
  /** Default: 5672. */
  port?: number;
  /** Default: `guest`. */
  user?: string;
  /** Default: `guest`. */
  password?: string;
  /** Default: `/`. */
  vhost?: string;
}

interface ParametersOf {
  (parameters?: ConnectionParameters): Required<ConnectionParameters>;
  new (parameters?: ConnectionParameters): Required<ConnectionParameters>;
}

/** With or without `new`: a plain object, with the defaults filled in. */
export const ConnectionParameters = function ConnectionParameters({
  host = 'localhost',
  port = 5672,
  user = 'guest',
  password = 'guest',
  vhost = '/',
}: ConnectionParameters = {}) {
  return { host, port, user, password, vhost };
} as unknown as ParametersOf;

type Register = (name: string, handler: Handler<unknown, unknown>) => void;

abstract class AmqpWorker {
  readonly #service: Service;
  readonly #register: Register;

  /** Parameters, or a URL. */
  constructor(connection: ConnectionParameters | string, register: (service: Service) => Register) {
    this.#service = new Service(typeof connection === 'string' ? { url: connection } : optionsOf(connection));
    this.#register = register(this.#service);
  }

  /** Registers a handler: `worker.route('name')((data) => ...)`. Gives the handler back. */
  route(name: string): <B, A>(handler: (body: B) => A) => (body: B) => A {
    return (handler) => {
      this.#register(name, handler as Handler<unknown, unknown>);
      return handler;
    };
  }

  /** Resolves when all routes consume. What it gives ends the worker, once what runs has finished. */
  async run(): Promise<() => Promise<void>> {
    await this.#service.start();
    return () => this.#service.close();
  }
}

/** Answers with what the handler gives: `{ success: true, data }`. */
export class RPCWorker extends AmqpWorker {
  constructor(connection: ConnectionParameters | string = {}) {
    super(connection, (service) => (name, handler) => service.rpcTask(name, { protocol: 'gzip-json' })(handler));
  }
}

/** Answers nothing, and ignores what the handler gives. A handler that fails runs again, as that of a job does. */
export class QueueWorker extends AmqpWorker {
  constructor(connection: ConnectionParameters | string = {}) {
    super(connection, (service) => (name, handler) => service.jobTask(name, { protocol: 'gzip-json' })(handler));
  }
}

function optionsOf(parameters: ConnectionParameters) {
  const { user, ...rest } = ConnectionParameters(parameters);
  return { ...rest, username: user };
}
