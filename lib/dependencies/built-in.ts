/** Dependencies that every service has: for its events, its calls, and how often a job was tried. */
import { BgTasksError } from '../errors.js';
import { currentScope } from '../scope.js';
import type { EmitFn } from '../tasks/event.js';
import type { CallFn } from '../tasks/remotes.js';
import type { TaskContext } from '../tasks/task.js';
import { type Dependency, dependency } from './dependency.js';

/** What is needed of a `Service`. */
interface Sender {
  readonly emit: EmitFn;
  readonly call: CallFn;
  readonly settings: { readonly serviceName: string | undefined };
}

/** Calls other services: `await rpc.call('images.get', [1, 2])`. */
export interface RpcCaller {
  readonly call: CallFn;
}

/** How often a job or a listener ran before, in vain. */
export interface BackOffData {
  /** 0 in the first run. */
  readonly retryCount: number;
  /** When the run before this one failed; undefined in the first run. */
  readonly lastRetry: Date | undefined;
}

/** `await publish('user.created', { id: 1 })`: `emit` of the service whose task runs, under the name of that service. */
export function publisher(): Dependency<EmitFn> {
  return PUBLISHER;
}

/** `await rpc.call(route, body)`: `call` of the service whose task runs. */
export function rpcClient(): Dependency<RpcCaller> {
  return RPC_CLIENT;
}

/** `{ retryCount, lastRetry }` of the run. */
export function backOffData(): Dependency<BackOffData> {
  return BACK_OFF_DATA;
}

const PUBLISHER = dependency({
  setup: () => {
    const { settings, emit } = sender();
    if (settings.serviceName !== undefined) return emit;
    const message = 'publisher() needs the setting "serviceName": listeners name the service that emits.';
    throw new BgTasksError('INVALID_SETTING', message);
  },
});

const RPC_CLIENT = dependency({ setup: (): RpcCaller => ({ call: sender().call }) });

const BACK_OFF_DATA = dependency({
  setup: () => undefined,
  get: (_shared, { attempt, failure }: TaskContext): BackOffData => ({
    retryCount: attempt - 1,
    lastRetry: attempt > 1 && failure ? new Date(failure.failedAt) : undefined,
  }),
});

/** The service that is being set up. */
function sender(): Sender {
  return currentScope()?.service as Sender;
}
