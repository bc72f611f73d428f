/**
 * Stubs and recorded calls of one service in the environment `test`.
 *
 * A stub is a task that stands before all others of its route, and calls are recorded by a middleware: bodies take the
 * real trip through the protocol, so a `Date` that JSON would change is changed in tests as well.
 */
import { BgTasksError } from '../errors.js';
import type { Service } from '../service/service.js';
import { callerPlace } from '../tasks/place.js';
import type { BodyOf, RouteRef } from '../tasks/remotes.js';
import { checkRoute } from '../tasks/route.js';
import type { Handler } from '../tasks/task.js';
import { type JobTools, jobTools } from './job-tools.js';
import { isStubFailure, type StubAnswer } from './stub-answer.js';

export interface RecordedCall<B = unknown> {
  readonly route: string;
  readonly body: B;
}

export interface TestTools extends JobTools {
  /** Answers calls to a route from now on: a value, a handler, `failWith(error)` or `timeOut()`. */
  stub<const R extends RouteRef>(route: R, answer: StubAnswer<NoInfer<R>>): void;
  /** Calls made so far, oldest first, with their bodies as the task saw them. */
  calls<const R extends RouteRef>(route: R): readonly RecordedCall<BodyOf<R>>[];
  /** Forgets stubs, recorded calls, jobs and events, and what remote fields have kept; drops what is held or delayed. */
  reset(): Promise<void>;
}

const toolsOf = new WeakMap<Service, TestTools>();

/** The tools of a service: `const { stub, calls, reset } = testing(service)`. */
export function testing(service: Service): TestTools {
  const found = toolsOf.get(service) ?? makeTools(service);
  toolsOf.set(service, found);
  return found;
}

function makeTools(service: Service): TestTools {
  const { internals } = service;
  const isTest = () => internals.peek().environment === 'test';
  const recorded: RecordedCall[] = [];
  internals.use(async (body, context, next) => {
    if (isTest()) recorded.push({ route: context.route, body });
    return next(body);
  });

  const stub = (ref: RouteRef, answer: unknown) => {
    if (!isTest()) {
      const message =
        'stub() needs the environment "test": configure({ environment: "test" }) or BGTASKS_ENVIRONMENT=test.';
      throw new BgTasksError('USAGE', message);
    }
    const route = routeOf(ref);
    checkRoute(route);
    internals.register(route, handlerOf(service, answer), callerPlace(stub), 'stub');
  };

  const jobs = jobTools(service);
  return {
    ...jobs.tools,
    stub,
    calls: <const R extends RouteRef>(ref: R) =>
      recorded.filter(({ route }) => route === routeOf(ref)) as readonly RecordedCall<BodyOf<R>>[],
    reset: async () => {
      recorded.length = 0;
      service.remoteFields.reset();
      jobs.forget();
      internals.registry.removeLayer('stub');
      await internals.withdrawRemoved();
    },
  };
}

function routeOf(ref: RouteRef): string {
  return typeof ref === 'object' ? ref.route : ref;
}

function handlerOf(service: Service, answer: unknown): Handler<unknown, unknown> {
  if (typeof answer === 'function') return answer as Handler<unknown, unknown>;
  if (!isStubFailure(answer)) return () => answer;
  if (answer.failure === 'error') {
    return () => {
      throw answer.error;
    };
  }
  // Does at once what the timer of the call would do; the answer that follows finds nobody waiting.
  return (_body, { correlationId = '' }) => service.internals.pending()?.expire(correlationId);
}
