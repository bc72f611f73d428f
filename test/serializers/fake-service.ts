/** A service that answers from a table and remembers what it was asked. */
import type { ServiceLike } from '../../serializers/index.js';

export interface FakeCall {
  readonly route: string;
  readonly body: unknown;
  readonly options: object | undefined;
}

type Answer = (body: unknown) => unknown;

export interface FakeService extends ServiceLike {
  readonly calls: FakeCall[];
  readonly warnings: string[];
}

/** `answers` by route: a function of the body. */
export function fakeService(answers: Readonly<Record<string, Answer>>): FakeService {
  const calls: FakeCall[] = [];
  const warnings: string[] = [];
  return {
    calls,
    warnings,
    settings: { logger: { warn: (_facts, message) => void warnings.push(message ?? '') } },
    async call(route, body, options) {
      calls.push({ route, body, options });
      const answer = answers[route];
      if (!answer) throw new Error(`no answer for ${route}`);
      return answer(body);
    },
  };
}

/** Answers every key with `{ [mergeKey]: key, path }`, in the envelope. */
export function objects(make: (key: number) => object = (id) => ({ id, path: `/${id}.jpg` })): Answer {
  return (body) => {
    const keys = Array.isArray(body) ? body : (body as { ids: number[] }).ids;
    return { status: 'success', data: keys.map(make) };
  };
}
