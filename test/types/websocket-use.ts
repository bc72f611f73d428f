/** What must compile, and what must not, of WebSocket tasks and their client: checked by the build, run by nobody. */
import { currentTask, webSocketClient, webSocketTask } from 'bgtasks';
import { assertType, type Equal } from './equal.js';

const sum = webSocketTask('sum', { params: ['a', 'b', 'scale'] })((a: number, b: number, scale = 1) => ({
  total: (a + b) * scale,
  at: new Date(),
  route: currentTask()?.route,
}));
assertType<Equal<typeof sum.kind, 'websocket'>>();
assertType<Equal<typeof sum.route, 'sum'>>();

// @ts-expect-error a task of this kind has no protocol
webSocketTask('a', { protocol: 'json' });
// @ts-expect-error params are names
webSocketTask('a', { params: [1] });

class Tasks {
  @webSocketTask('method', { params: ['a'] }) method(a: string) {
    return a;
  }
}

export async function use() {
  const typed = webSocketClient<{ sum: typeof sum; ping: () => string; close: () => string }>('127.0.0.1');
  const answer = await typed.sum(1, 2);
  assertType<Equal<typeof answer, { total: number; at: string; route: string | undefined }>>();
  const later = await typed.sum.callAsync(1, 2, 3).result();
  assertType<Equal<typeof later, typeof answer>>();
  const info = typed.ping.info;
  assertType<Equal<typeof info, string>>();
  // @ts-expect-error its second argument is a number
  typed.sum(1, 'x');
  // @ts-expect-error no such target
  typed.other();
  // The client's own names stay its own.
  const closed = typed.close();
  assertType<Equal<typeof closed, Promise<void>>>();

  const untyped = webSocketClient('127.0.0.1', 8765, { timeoutMs: 500 });
  const joined: string = await untyped.websocket_task('argument3', 'argument4');
  const targets = await untyped.listTargets();
  assertType<Equal<(typeof targets)[number]['docstring'], string | null>>();
  // @ts-expect-error options of the client are known
  webSocketClient('127.0.0.1', 8765, { timeout: 500 });
  return [joined, new Tasks()];
}
