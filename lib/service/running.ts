/**
 * What stands open of a service between its first use and `close()`: broker, clients, worker, joined.
 *
 * Shape:  making it opens no connection. Optional peers are loaded where a setting or a task needs them.
 */
import type { Broker } from '../broker/broker.js';
import { openBroker } from '../broker/open.js';
import { InvalidationListener } from '../clients/invalidation-listener.js';
import { Invalidations } from '../clients/invalidations.js';
import { Outbox } from '../clients/outbox.js';
import type { PresenceClient } from '../clients/presence-client.js';
import { RpcClient } from '../clients/rpc-client.js';
import { type SentWork, WorkClient } from '../clients/work-client.js';
import { childModules } from '../loader/child-modules.js';
import type { Observer } from '../monitoring/observer.js';
import type { MetricsText, MonitorServer } from '../monitoring/server.js';
import { CHILD_ENTRY } from '../own-files.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { RequestInfo } from '../protocols/protocol.js';
import type { ChangedKeys } from '../remote/changed-rows.js';
import type { DtoChecker } from '../schema.js';
import type { Settings } from '../settings/settings.js';
import { readTls } from '../settings/tls.js';
import type { Registry } from '../tasks/registry.js';
import type { Middleware } from '../tasks/task.js';
import { Dependencies } from '../worker/dependencies.js';
import type { Hold } from '../worker/hold.js';
import { Pools } from '../worker/pool/pools.js';
import { Runs } from '../worker/runs.js';
import { WebSocketSource, type WebSocketSourceParts } from '../worker/websocket-source.js';
import { WebSocketWorker } from '../worker/websocket-worker.js';
import { protocolOf, Worker } from '../worker/worker.js';
import { JobTargets } from './job-targets.js';
import type { Observation } from './observation.js';

/** What stands open between the first use and `close()`. */
export interface Running {
  readonly broker: Broker;
  readonly client: RpcClient;
  readonly work: WorkClient;
  readonly outbox: Outbox | undefined;
  readonly worker: Worker;
  readonly webSockets: WebSocketSource;
  readonly dependencies: Dependencies;
  readonly observer: Observer | undefined;
  readonly monitor: MonitorServer | undefined;
  /** Made by the first question. */
  presence?: PresenceClient;
  readonly invalidations: Invalidations;
  readonly invalidationListener: InvalidationListener;
  readonly pools: Pools;
}

/** What the service has of its own. */
export interface RunningParts {
  /** Named no closer: everything here is below it. */
  readonly service: object;
  readonly settings: Settings;
  readonly registry: Registry;
  readonly observation: Observation;
  /** Outside of that of the settings, as it is then. */
  readonly outerMiddleware: () => readonly Middleware[];
  readonly sentListeners: readonly ((sent: SentWork) => void)[];
  readonly jobHold: Hold;
  readonly loadedModules: ReadonlySet<string>;
  /** Drops what is cached of a route. */
  forget(route: string, keys: ChangedKeys): void;
  health(): object;
  isReady(): boolean;
}

export async function openRunning(parts: RunningParts): Promise<Running> {
  const { settings, forget } = parts;
  const { observer, metrics } = parts.observation;
  const log = settings.logger;
  const tls = settings.tls && readTls(settings.tls);
  const broker = await openBroker(settings.urls, log, settings.serviceName, tls);
  const outbox = await openOutbox(broker, settings);
  return {
    broker,
    client: rpcClient(parts, broker),
    work: workClient(parts, broker, outbox),
    outbox,
    ...workers(parts, broker),
    observer,
    monitor: await monitorServer(parts, metrics),
    invalidations: new Invalidations({ broker, log, invalidateHere: forget }),
    invalidationListener: new InvalidationListener({ broker, log, forget }),
  };
}

function rpcClient({ settings, registry, observation }: RunningParts, broker: Broker): RpcClient {
  const { rpcTimeoutMs, maxBodyBytes, json, callerSecret, replyQueue, logger: log } = settings;
  return new RpcClient({
    broker,
    protocolOf: (route, name) => (name ? PROTOCOLS[name] : protocolOf(registry.get(route))),
    rpcTimeoutMs,
    maxBodyBytes,
    json,
    callerSecret,
    replyQueue,
    observer: observation.observer,
    log,
  });
}

function workClient(parts: RunningParts, broker: Broker, outbox: Outbox | undefined): WorkClient {
  const { settings, registry, observation, sentListeners } = parts;
  const { rpcTimeoutMs, maxBodyBytes, json, callerSecret, logger: log } = settings;
  const targets = new JobTargets(registry, settings.serviceName);
  return new WorkClient({
    broker,
    targetOf: (route, options) => targets.of(route, options),
    outbox,
    maxBodyBytes,
    json,
    callerSecret,
    rpcTimeoutMs,
    log,
    observer: observation.observer,
    sentListeners,
  });
}

function workers(
  parts: RunningParts,
  broker: Broker,
): Pick<Running, 'worker' | 'webSockets' | 'dependencies' | 'pools'> {
  const { service, settings, registry, observation, jobHold, outerMiddleware } = parts;
  const scopeOf = ({ caller, deadline }: Pick<RequestInfo, 'caller' | 'deadline'>, task?: object) => {
    return { service, caller, deadline, task, calls: 0 };
  };
  const middleware = () => {
    const outer = outerMiddleware();
    return outer.length === 0 ? settings.middleware : [...outer, ...settings.middleware];
  };
  const dependencies = new Dependencies(scopeOf({ caller: {}, deadline: undefined }), settings.logger);
  const runs = new Runs(observation.observer);
  const modules = () => childModules(parts.loadedModules, settings.tasks);
  const pools = new Pools(settings, { entry: CHILD_ENTRY, modules });
  const shared = { registry, settings, scopeOf, middleware, checkDto, dependencies, runs, pools };
  const worker = new Worker({ broker, ...shared, jobHold, health: () => parts.health() });
  const webSocketWorker = new WebSocketWorker(shared);
  const webSockets = new WebSocketSource({ registry, settings, worker: webSocketWorker, open: openWebSockets });
  return { worker, webSockets, dependencies, pools };
}

/** Loaded where it is asked for: Node's HTTP server costs a worker memory. */
async function monitorServer(
  parts: RunningParts,
  metrics: MetricsText | undefined,
): Promise<MonitorServer | undefined> {
  const { monitorHost: host, monitorPort: port, logger: log } = parts.settings;
  if (port === undefined) return undefined;
  const server = await import('../monitoring/server.js');
  const told = { isReady: () => parts.isReady(), health: () => parts.health() };
  return new server.MonitorServer({ host, port, log, metrics, ...told });
}

/** TypeORM is an optional peer: loaded where an outbox is asked for. */
async function openOutbox(broker: Broker, settings: Settings): Promise<Outbox | undefined> {
  const { outbox, logger, dataSource } = settings;
  if (!outbox) return undefined;
  const adapter = await import('../adapters/typeorm/outbox.js');
  const store = new adapter.TypeOrmOutbox(dataSource as ConstructorParameters<typeof adapter.TypeOrmOutbox>[0]);
  return new Outbox({ store, broker, settings: outbox, log: logger });
}

/** class-validator is an optional peer: loaded when a task first needs it. */
const checkDto: DtoChecker = async (type, body) => {
  const adapter = await import('../adapters/class-validator.js');
  return adapter.checkDto(type, body);
};

/** ws is an optional peer: loaded when there is a task that is served over a WebSocket. */
async function openWebSockets({ settings, worker }: WebSocketSourceParts) {
  const { listen } = await import('../adapters/ws/server.js');
  const { websocket, maxBodyBytes, logger } = settings;
  return listen({ worker, settings: websocket, maxAnswerBytes: maxBodyBytes, logger });
}
