/** What a stub answers, beside plain values. */
import type { AnswerOf, BodyOf } from '../tasks/remotes.js';
import type { TaskContext } from '../tasks/task.js';

/** Made by `failWith` and `timeOut`, and by nothing that happens to look like it. */
const made = new WeakSet<object>();

/** Made by `failWith` and `timeOut`. */
export type StubFailure = { readonly failure: 'error'; readonly error: Error } | { readonly failure: 'timeout' };

export type StubAnswer<R> =
  unknown extends AnswerOf<R>
    ? unknown
    : AnswerOf<R> | ((body: BodyOf<R>, context: TaskContext) => AnswerOf<R> | Promise<AnswerOf<R>>) | StubFailure;

/** The caller gets a `RemoteError` with the code and message of `error`, as if the handler had thrown it. */
export function failWith(error: Error | string): StubFailure {
  return branded({ failure: 'error', error: typeof error === 'string' ? new Error(error) : error });
}

/** The caller gets an `RpcTimeoutError`, at once. */
export function timeOut(): StubFailure {
  return branded({ failure: 'timeout' });
}

export function isStubFailure(answer: unknown): answer is StubFailure {
  return typeof answer === 'object' && answer !== null && made.has(answer);
}

function branded(failure: StubFailure): StubFailure {
  made.add(failure);
  return failure;
}
