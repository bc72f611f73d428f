/** What parts of the package may ask of a service, beside what it offers to everybody. */
import type { Broker } from '../broker/broker.js';
import type { PendingCalls } from '../clients/pending-calls.js';
import type { PresenceClient } from '../clients/presence-client.js';
import type { SentWork } from '../clients/work-client.js';
import type { MessageHook } from '../settings/options.js';
import type { Settings } from '../settings/settings.js';
import type { Layer, Registry } from '../tasks/registry.js';
import type { Handler, Middleware } from '../tasks/task.js';
import type { Dependencies } from '../worker/dependencies.js';
import type { Hold } from '../worker/hold.js';

/** For `bgtasks/testing`, the loader and the command; not for applications. @internal */
export interface ServiceInternals {
  readonly registry: Registry;
  /** The settings as they would be now; unlike `settings`, reading does not settle them. */
  peek(): Settings;
  /** Read for every message of a validation error, so it must neither settle the settings nor read the environment. */
  messages(): MessageHook | undefined;
  pending(): PendingCalls | undefined;
  /** What stands open; undefined before first use. */
  broker(): Broker | undefined;
  /** Asks who is there. */
  presence(): Promise<PresenceClient>;
  /** Where probes and metrics are served; undefined where they are not. */
  monitorPort(): number | undefined;
  /** Calls `listener` for every job and event that the broker takes from now on. */
  onSent(listener: (sent: SentWork) => void): void;
  /** Where jobs wait for a test. */
  readonly jobHold: Hold;
  /** Outside of every other middleware, from now on. */
  use(middleware: Middleware): void;
  register(route: string, handler: Handler<unknown, unknown>, place: string, layer: Layer): void;
  /** Tasks that are registered meanwhile are those of loaded modules. */
  whileLoading<T>(load: () => Promise<T>): Promise<T>;
  /** `close()`, telling whether every handler ended in time. */
  stop(): Promise<boolean>;
  /** Stops serving routes that have left the registry. */
  withdrawRemoved(): Promise<void>;
  /** The modules that registered tasks, for children to load. */
  readonly loadedModules: Set<string>;
  /** In a child of a pool: opens what handlers need. `urls`: where the parent is connected. */
  prepareChild(urls: readonly string[]): Promise<Dependencies>;
}
