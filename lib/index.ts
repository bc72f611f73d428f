/** The public surface of 'bgtasks'. Re-exports only. */

export {
  type WebSocketCallOptions,
  type WebSocketCalls,
  type WebSocketClient,
  type WebSocketClientOptions,
  webSocketClient,
} from './adapters/ws/client.js';
export type { PendingAnswer, WebSocketTarget } from './adapters/ws/target.js';
export type { TlsOptions } from './broker/broker.js';
// With a star, so that `declare module 'bgtasks' { interface Remotes { ... } }` reaches the interfaces behind it.
export * from './caller.js';
export {
  JobClient,
  jobTasks,
  mergeDict,
  mergeObj,
  Response,
  RPCClient,
  RPCResponse,
  RPCStatus,
  registerTasks,
  rpcTasks,
} from './compat/bgtasks.js';
export { type Contract, contract, type Implementation, type MethodOptions, type Remote } from './contract/contract.js';
export {
  type BackOffData,
  backOffData,
  publisher,
  type RpcCaller,
  rpcClient,
} from './dependencies/built-in.js';
export {
  type Dependency,
  type DependencyParts,
  type Deps,
  dependency,
  type Injected,
  type NoDeps,
} from './dependencies/dependency.js';
export { inject } from './dependencies/inject.js';
export {
  type Envelope,
  FAIL,
  type Fail,
  fail,
  isSuccess,
  SUCCESS,
  type Success,
  success,
  type Unwrapped,
  unwrap,
} from './envelope.js';
export {
  BadReplyError,
  BgTasksError,
  CallAbortedError,
  CircuitOpenError,
  ConnectionFailedError,
  ConnectionLostError,
  ERROR_CODES,
  type ErrorCode,
  NoRouteError,
  PublishFailedError,
  RemoteError,
  RpcTimeoutError,
  ServiceStoppingError,
  ServiceUnavailableError,
  TaskFailure,
  UnrecoverableError,
} from './errors.js';
export type { Json } from './json.js';
export {
  type ConsoleLoggerOptions,
  consoleLogger,
  type LogFormat,
  type Logger,
  type LogLevel,
  silentLogger,
} from './logger.js';
export type { Failure } from './protocols/failure.js';
export type { JsonNumbers } from './protocols/json-numbers.js';
export type { ProtocolName } from './protocols/protocol.js';
export {
  type ProvideFn,
  type ProvideOptions,
  type ProviderRequest,
  provide,
  type Serializable,
} from './provider/provide.js';
export type { RepositoryLike } from './provider/repository.js';
export { indexBy, type MergeOptions, merge } from './remote/merge.js';
export type { RemoteFields } from './remote/remote-fields.js';
export type { RouteStats } from './remote/remote-route.js';
export type {
  CircuitOptions,
  OnError,
  OnMissing,
  RemoteFieldsOptions,
  RemoteFieldsSettings,
} from './remote/settings.js';
export type { BodyErrors, BodyOfSchema, BodySchema, DtoClass, InputOfSchema, StandardSchemaV1 } from './schema.js';
export {
  asyncTask,
  call,
  cancelJob,
  configure,
  cron,
  emit,
  enqueue,
  every,
  jobTask,
  onEvent,
  remote,
  rpcTask,
  serve,
  service,
  webSocketTask,
} from './service/default-service.js';
export type { Health } from './service/health.js';
export { type RemoteFn, type ServeFn, Service } from './service/service.js';
export { type SpawnedTasks, type SpawnOptions, spawnTasks } from './service/spawn-tasks.js';
export type { DataSourceLike, MessageHook, ServiceOptions } from './settings/options.js';
export type { OutboxOptions, OutboxSettings } from './settings/outbox.js';
export type { Settings } from './settings/settings.js';
export type { Authenticate, WebSocketOptions, WebSocketRequest } from './settings/websocket.js';
export type { ArgumentClass, AsyncTask, AsyncTaskFn, AsyncTaskOptions } from './tasks/async-task.js';
export type { Backoff, BackoffOptions } from './tasks/backoff.js';
export { currentTask } from './tasks/current-task.js';
export * from './tasks/event.js';
export type {
  AnyJobTask,
  CancelJobFn,
  EnqueueFn,
  EnqueueOptions,
  Job,
  JobOptions,
  JobTask,
  JobTaskFn,
  RateLimitOptions,
  ResultOptions,
  RetryOptions,
  TrackedJob,
} from './tasks/job.js';
export * from './tasks/remotes.js';
export type { RpcTask, RpcTaskFn } from './tasks/rpc.js';
export type {
  CatchUp,
  CronFn,
  CronOptions,
  EveryFn,
  Interval,
  PerProcessOptions,
  RegisterSchedule,
  ScheduleOptions,
  ScheduleTask,
  Tick,
} from './tasks/schedule.js';
export type { Handler, Middleware, RpcOptions, Task, TaskContext, TaskKind, TaskOptions } from './tasks/task.js';
export type {
  TargetInfo,
  WebSocketHandler,
  WebSocketTask,
  WebSocketTaskFn,
  WebSocketTaskOptions,
} from './tasks/websocket.js';
export {
  type ErrorDetail,
  type ErrorInput,
  type ErrorTree,
  type MessageTree,
  ValidationError,
} from './validation-error.js';
export { logging } from './worker/middleware/logging.js';
export type { WebSocketAddress } from './worker/websocket-source.js';
