/**
 * What must compile, and what must not: the acceptance file of the types of 'bgtasks', checked by the build.
 * Nothing here is run.
 */
import 'reflect-metadata';
import {
  type AnswerOf,
  asyncTask,
  type BackOffData,
  type BodyOf,
  backOffData,
  call,
  cancelJob,
  configure,
  cron,
  currentCaller,
  dependency,
  type EmitFn,
  type Envelope,
  emit,
  enqueue,
  every,
  type Fail,
  fail,
  inject,
  isSuccess,
  type Job,
  JobClient,
  type JobTask,
  jobTask,
  type ObjectOf,
  onEvent,
  type ProviderBody,
  type ProviderRequest,
  provide,
  publisher,
  Response,
  RPCClient,
  RPCResponse,
  RPCStatus,
  type RpcTask,
  rpcClient,
  rpcTask,
  Service,
  type StandardSchemaV1,
  type Success,
  service,
  success,
  type TaskContext,
  type TrackedJob,
  unwrap,
} from 'bgtasks';
import { caller, view } from 'bgtasks/express';
import { calls, emitted, enqueued, failWith, reset, stub, timeOut } from 'bgtasks/testing';
import { entityManager } from 'bgtasks/typeorm';
import express, { type Response as ExpressResponse, type Request } from 'express';
import { Column, DataSource, Entity, type EntityManager, In, PrimaryGeneratedColumn } from 'typeorm';
import { assertType, type Equal } from './equal.js';

@Entity()
class Image {
  @PrimaryGeneratedColumn() id!: number;
  @Column() path!: string;
}
const database = new DataSource({ type: 'sqljs', entities: [Image] });
declare const schema: StandardSchemaV1<{ n: string }, { n: number }>;
class NewImage {
  path!: string;
}

export function settings() {
  configure({ serviceName: 'images', dataSource: database, rpcTimeoutMs: 5_000 });
  // @ts-expect-error the unit is part of the name
  configure({ rpcTimeout: 5 });
}

// ---------- rpcTask: curried, direct, with options, on a method
export function registering() {
  const a = rpcTask('a')(async (ids: number[]) => ids.map((id) => ({ id })));
  const b = rpcTask('b', (ids: number[]) => ids.length);
  const c = rpcTask('c', { body: schema }, (body) => body.n);
  const d = rpcTask('d', { body: NewImage, timeoutMs: 100 })((body) => body.path);
  const e = rpcTask('e')((body) => body);
  assertType<Equal<typeof a, RpcTask<'a', number[], { id: number }[]>>>();
  assertType<Equal<typeof b, RpcTask<'b', number[], number>>>();
  assertType<Equal<typeof c, RpcTask<'c', { n: string }, number | Fail<Record<string, unknown>>>>>();
  assertType<Equal<typeof d, RpcTask<'d', NewImage, string | Fail<Record<string, unknown>>>>>();
  assertType<Equal<typeof e, RpcTask<'e', unknown, unknown>>>(); // a body that nothing checks is unknown
  // @ts-expect-error unknown option
  rpcTask('x', { timeout: 5 });
  // @ts-expect-error an annotation that contradicts the schema
  rpcTask('x', { body: schema }, (body: string) => body);
  return { a, b, c, d, e };
}
type Registered = ReturnType<typeof registering>;

export class Tasks {
  @rpcTask('m') m(body: number) {
    return body;
  }
  @rpcTask('n', { body: schema }) n(body: { n: number }, { signal }: TaskContext) {
    return signal.aborted ? 0 : body.n;
  }
  // @ts-expect-error the schema gives { n: number }
  @rpcTask('o', { body: schema }) o(body: { n: string }) {
    return body;
  }
  @jobTask('p', { attempts: 3 }) async p(body: { to: string }) {
    return body.to;
  }
}

// ---------- answers are what JSON leaves of them
export function answers() {
  const dated = rpcTask('dated')(async () => ({
    at: new Date(),
    tags: ['x'] as string[],
    note: undefined as string | undefined,
  }));
  assertType<Equal<AnswerOf<typeof dated>, { at: string; tags: string[]; note: string | undefined }>>();
  const found = rpcTask('find')(async (id: number) => (id > 0 ? success({ id }) : fail({ id: ['No such row.'] })));
  assertType<Equal<AnswerOf<typeof found>, Success<{ id: number }> | Fail<{ id: string[] }>>>();
}

// ---------- dependencies: of any kind of task, in fields, and not by another name
const db = dependency({
  setup: () => database.initialize(),
  get: (shared) => shared.manager,
  afterCall: (manager) => assertType<Equal<typeof manager, EntityManager>>(),
  close: (shared) => shared.destroy(),
});
const clock = dependency({ setup: async () => ({ now: () => new Date() }) });
export function dependencies() {
  const found = rpcTask('deps', { deps: { db, clock } })(async (ids: number[], { deps }) => {
    assertType<Equal<typeof deps.db, EntityManager>>();
    assertType<Equal<ReturnType<typeof deps.clock.now>, Date>>();
    return deps.db.findBy(Image, { id: In(ids) });
  });
  assertType<Equal<typeof found, RpcTask<'deps', number[], { id: number; path: string }[]>>>();
  rpcTask('deps', { deps: { db } }, (_body: string, context) => {
    assertType<Equal<typeof context, TaskContext<{ readonly db: EntityManager }>>>();
  });
  rpcTask('deps', { body: schema, deps: { clock } })((body, { deps }) => deps.clock.now().getTime() + body.n);
  // @ts-expect-error not a dependency of this task
  rpcTask('deps', { deps: { clock } }, (_body: string, { deps }) => deps.db);
  // @ts-expect-error no dependencies
  rpcTask('deps')((_body: string, { deps }) => deps.db);
  // @ts-expect-error not a dependency
  rpcTask('deps', { deps: { db: database } });
  jobTask('deps', { attempts: 2, deps: { db } })((_body: number, { deps }) => deps.db.query('SELECT 1'));
  // @ts-expect-error not a dependency of this job
  jobTask('deps', { deps: { db } })((_body: number, { deps }) => deps.clock);
  onEvent('users', 'created', { deps: { clock } })((_body, { deps }) => deps.clock.now());
  // @ts-expect-error not a dependency of this listener
  onEvent('users', 'created', { deps: { clock } })((_body, { deps }) => deps.db);
  cron('nightly', '0 3 * * *', { timeZone: 'Europe/Berlin', deps: { clock } })((_tick, { deps }) => deps.clock.now());
  every('often', '10 s', { perProcess: true, deps: { clock } })((tick, { deps }) => [tick.at, deps.clock.now()]);
  // @ts-expect-error not a dependency of this schedule
  every('often', '10 s', { deps: { clock } })((_tick, { deps }) => deps.db);
  onEvent('users', 'created', { filter: (body: { id: number }, { attempt }) => body.id > attempt })(() => {});
  rpcTask('built-in', {
    deps: { publish: publisher(), rpc: rpcClient(), backOff: backOffData(), db: entityManager() },
  })(async (_body: number, { deps }) => {
    assertType<Equal<typeof deps.backOff, BackOffData>>();
    assertType<Equal<typeof deps.db, EntityManager>>();
    const quote = await deps.rpc.call('types.quote', { product: 7 });
    assertType<Equal<typeof quote, { cents: number }>>();
    await deps.publish('quoted', quote);
  });
}
export class WithFields {
  readonly db = inject(entityManager());
  readonly clock = inject(clock);
  @jobTask('fields', { deps: { publish: publisher() } })
  async save(note: string, { deps }: TaskContext<{ publish: EmitFn }>) {
    assertType<Equal<typeof this.db, EntityManager>>();
    assertType<Equal<typeof this.clock, { now: () => Date }>>();
    await deps.publish('saved', note);
  }
  // @ts-expect-error the dependencies of this task are others
  @rpcTask('fields', { deps: { db } }) get(_body: string, { deps }: TaskContext<{ readonly other: string }>) {
    return deps.other;
  }
}

// ---------- calling: by handle, by name, by an unknown name
declare module 'bgtasks' {
  interface Remotes {
    'types.images': Image;
    'types.quote': (body: { product: number }) => Promise<{ cents: number }>;
    'types.now': () => Date;
    'types.a': Registered['a'];
  }
  interface Caller {
    userId?: number;
  }
}

export async function calling({ a, c }: Registered) {
  assertType<Equal<Awaited<ReturnType<typeof a.call>>, { id: number }[]>>();
  const byHandle = await a.call([1, 2]);
  byHandle[0]?.id;
  // @ts-expect-error keys are numbers
  await a.call(['1']);
  // @ts-expect-error a body is needed
  await a.call();
  const images = unwrap(await call('types.images', [1, 2]));
  assertType<Equal<typeof images, Image[]>>();
  await call('types.images', { ids: [1], fields: ['path'] }, { timeoutMs: 100, signal: AbortSignal.timeout(5) });
  const quote = await call('types.quote', { product: 7 });
  assertType<Equal<typeof quote, { cents: number }>>();
  const same = await call('types.a', [1]);
  assertType<Equal<typeof same, { id: number }[]>>();
  const handle = await call(c, { n: '1' });
  assertType<Equal<typeof handle, number | Fail<Record<string, unknown>>>>();
  if (isSuccess(handle)) assertType<Equal<typeof handle, number>>();
  const unknownRoute = await call('some.other', { x: 1 });
  assertType<Equal<typeof unknownRoute, unknown>>();
  const told = await call<Image[]>('some.other', [1]);
  assertType<Equal<typeof told, Image[]>>();
  // @ts-expect-error wrong body for a known route
  await call('types.quote', { product: 'x' });
  // @ts-expect-error a known route that needs a body
  await call('types.quote');
  await call('ping');
}
assertType<Equal<ObjectOf<'types.images'>, Image>>();
assertType<Equal<AnswerOf<'types.now'>, string>>();
assertType<Equal<ObjectOf<Registered['a']>, { id: number }>>();
export type Quote = BodyOf<'types.quote'>;

// ---------- jobs
export function registeringJobs() {
  const backoff = { type: 'exponential', delayMs: 1000 } as const;
  const mail = jobTask('mail.send', { attempts: 5, backoff })(async (body: { to: string }) => body.to.length);
  assertType<Equal<typeof mail, JobTask<'mail.send', { to: string }, number>>>();
  const bare = jobTask('bare')(() => new Date());
  // @ts-expect-error both members are needed
  jobTask('x', { rateLimit: { max: 1 } });
  return { mail, bare };
}
export async function jobs({ mail, bare }: ReturnType<typeof registeringJobs>) {
  const job = await mail.enqueue({ to: 'a@b.c' }, { delayMs: 60_000 });
  assertType<Equal<typeof job, Job<number>>>();
  const same = await enqueue(mail, { to: 'a@b.c' });
  assertType<Equal<typeof same, Job<number>>>();
  await enqueue('mail.send', { to: 'a@b.c' });
  await JobClient.call('mail.send', { to: 'a@b.c' });
  await bare.enqueue();
  const tracked = await mail.enqueue({ to: 'a@b.c' }, { result: true, priority: 'high' });
  assertType<Equal<typeof tracked, TrackedJob<number>>>();
  const length: number = await tracked.result({ timeoutMs: 5 });
  const date = await enqueue(bare, undefined, { result: true });
  assertType<Equal<typeof date, TrackedJob<string>>>();
  const unknown = await enqueue('some.job', 1, { result: true });
  assertType<Equal<typeof unknown, TrackedJob<unknown>>>();
  await cancelJob(mail, job.id);
  await job.cancel();
  // @ts-expect-error no result was asked for
  await job.result();
  // @ts-expect-error wrong body
  await mail.enqueue({ too: 'a' });
  // @ts-expect-error wrong body
  await mail.enqueue({ too: 'a' }, { result: true });
  // @ts-expect-error unknown option
  await mail.enqueue({ to: 'a' }, { delay: 5 });
  // @ts-expect-error a job is not called
  await call(mail, { to: 'a' });
  return length;
}

// ---------- events
declare module 'bgtasks' {
  interface Events {
    'types.created': { id: number; email: string };
  }
}
export async function events() {
  onEvent(
    'users',
    'types.created',
  )((user) => {
    assertType<Equal<typeof user, { id: number; email: string }>>();
  });
  onEvent('users', 'types.*', { broadcast: true })((body: { id: number }, { attempt }) => body.id + attempt);
  await emit('types.created', { id: 1, email: 'a@b.c' });
  // @ts-expect-error email is missing
  await emit('types.created', { id: 1 });
  // @ts-expect-error events have no priorities
  onEvent('users', 'types.created', { priorities: true });
}

// ---------- providers
export function providers() {
  const repository = database.getRepository(Image);
  const fromRepository = rpcTask('x')(provide(repository, { where: ({ caller }) => ({ id: caller.userId ?? 0 }) }));
  assertType<Equal<AnswerOf<typeof fromRepository>, Envelope<Image[]>>>();
  const byHand = rpcTask('y')(provide(async ({ keys }) => keys.map((id) => ({ id, path: `/${id}.jpg` }))));
  const byUuid = rpcTask('z')(provide(({ keys }: ProviderRequest<string>) => keys.map((id) => ({ id }))));
  assertType<Equal<BodyOf<typeof byUuid>, ProviderBody<string>>>();
  assertType<Equal<ObjectOf<typeof byHand>, { id: number; path: string }>>();
  assertType<Equal<ObjectOf<typeof fromRepository>, Image>>();
}

// ---------- a second service in one process
export async function second() {
  await using other = new Service({ serviceName: 'users', url: 'memory://' });
  const ping = other.rpcTask('ping')(() => 'pong');
  await other.start();
  const answer: string = await ping.call();
  return answer + other.health().pendingCalls;
}

// ---------- Express beside ours: no clash of Request and Response
export function endpoints() {
  const app = express();
  app.use(caller((req) => ({ url: req.url, userId: 1 })));
  app.get(
    '/x',
    view(async (req: Request) => ({ data: Promise.resolve([{ id: Number(req.params.id) }]) })),
  );
  app.get('/y', (_req, res: ExpressResponse) => void res.json(currentCaller()));
}

// ---------- tests of an application
export async function testsOfAnApplication({ a }: Registered) {
  stub('types.images', success([{ id: 7, path: '/7.jpg' }]));
  stub(a, (ids) => ids.map((id) => ({ id })));
  stub('types.images', failWith('down'));
  stub(a, timeOut());
  stub('some.other', 5);
  // @ts-expect-error not what the route answers
  stub('types.quote', { cents: '1' });
  const [first] = calls('types.quote');
  first?.body.product;
  const { mail } = registeringJobs();
  const to: string | undefined = enqueued(mail)[0]?.body.to;
  const email: string | undefined = emitted('types.created')[0]?.body.email;
  await reset();
  await service.close();
  return [to, email];
}

// ---------- names of bgtasks (Python)
export async function pythonNames() {
  const viaClass = await RPCClient.call('types.quote', { product: 1 });
  assertType<Equal<typeof viaClass, { cents: number }>>();
  new RPCResponse({ errors: { ids: ['x'] } }).data.ids;
  RPCResponse({ data: [1] }).status satisfies 'success';
  RPCStatus.isSuccess('success');
  // @ts-expect-error neither data nor errors
  new RPCResponse({});
  Response([1], 'success').status satisfies 'success';
  const send = asyncTask('mail.send')(async (title: string, body: string) => title.length + body.length);
  const queued = await send('Hi', 'there');
  assertType<Equal<typeof queued, Job<number>>>();
  const here: number = await send.now('Hi', 'there');
  await send.after(here, 'Hi', 'there');
  // @ts-expect-error two strings
  await send('Hi');
}
