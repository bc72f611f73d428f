/**
 * The loop that fills slots: every wave sends what is asked for at that moment, one request per group.
 *
 * Shape:  a `Batch` belongs to one response. `submit(lists)` waits for the turn of the event loop to end, so that
 *         whatever else is asked for in it goes out together; `finishRun` of the root does not wait, as its one pass
 *         has already seen everything. Objects with a serializer of their own may record new sites: the next wave.
 * Errors: a failed call rejects those whose field says `raise`, and nobody else.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RemoteSlot } from '../../fields/remote.js';
import type { RemoteSerializer } from '../../fields/remote-types.js';
import type { Ctx } from '../../fields/types.js';
import { codeOf, messageOf } from '../../lib/errors.js';
import { KeyMap, type Rows } from '../../lib/remote/key-map.js';
import type { RemoteFieldsSettings } from '../../lib/remote/settings.js';
import { currentScope } from '../../lib/scope.js';
import { Run, type SiteList, setOwn, type Target } from '../run.js';
import { runOf, Scope } from '../scope.js';
import { remoteFieldsOf, type ServiceLike, serviceOf } from '../service.js';
import { Deadline } from './deadline.js';
import { loadRows } from './load.js';
import { failed, filled, keysOf } from './missing.js';
import { type Group, planWave } from './plan.js';
import { policyOf, type RemoteDefaults } from './policy.js';
import { type CallReport, Report, type RouteReport } from './report.js';
import { Represented } from './represented.js';

interface Submission {
  readonly lists: readonly SiteList[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Batch {
  readonly report = new Report();
  readonly #deadline = new Deadline();
  readonly #scope = currentScope();
  #pending: Submission[] = [];
  #isScheduled = false;

  constructor(readonly defaults: RemoteDefaults) {}

  /** Whether work below may join: on behalf of the same handler or view, by the same service. */
  admits({ service }: RemoteDefaults): boolean {
    return this.#scope === currentScope() && (service === undefined || service === this.defaults.service);
  }

  /** Resolves when every slot is filled. */
  submit(lists: readonly SiteList[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ lists, resolve, reject });
      this.#schedule();
    });
  }

  /** Sends what has been submitted. */
  flush(): void {
    const submissions = this.#pending;
    this.#pending = [];
    let filling: ReadonlyMap<SiteList, Promise<void>>;
    try {
      filling = this.#send(submissions.flatMap(({ lists }) => lists));
    } catch (error) {
      // Of wrong settings, for one: thrown out of a tick, it would end the process.
      for (const { reject } of submissions) reject(error);
      return;
    }
    for (const { lists, resolve, reject } of submissions) {
      Promise.all(lists.map((list) => filling.get(list))).then(() => resolve(), reject);
    }
  }

  #send(lists: readonly SiteList[]): ReadonlyMap<SiteList, Promise<void>> {
    const filling = new Map<SiteList, Promise<void>>();
    const groups = this.#plan(lists);
    const wave: RouteReport[] = [];
    // What waits for a row's promise alone sends nothing: no time of any service has passed.
    if (groups.some(({ keys }) => keys.size > 0)) this.#deadline.startWave();
    for (const group of groups) {
      const rows = this.#fetch(group, wave);
      const represented = new Represented();
      for (const list of group.lists) filling.set(list, this.#fill(list, rows, represented));
    }
    if (wave.length > 0) this.report.waves.push({ routes: wave });
    return filling;
  }

  /** After the promises of this turn have run: they may ask for more. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void Promise.resolve().then(() =>
      process.nextTick(() => {
        this.#isScheduled = false;
        this.flush();
      }),
    );
  }

  #plan(lists: readonly SiteList[]): Group[] {
    return lists.length === 0 ? [] : planWave(lists, this.#settings);
  }

  get #service(): ServiceLike {
    return serviceOf(this.defaults.service);
  }

  get #settings(): RemoteFieldsSettings {
    return remoteFieldsOf(this.#service).settings;
  }

  async #fetch(group: Group, wave: RouteReport[]): Promise<Rows> {
    const { field, keys, wish } = group;
    if (keys.size === 0) return new KeyMap();
    const service = this.#service;
    const calls: CallReport[] = [];
    wave.push({ route: field.route, keys: keys.size, chunks: Math.ceil(keys.size / wish.maxBatch), calls });
    const timeoutMs = this.#deadline.limit(field.route, wish.timeoutMs, service.settings?.rpcTimeoutMs);
    return loadRows(service, group, timeoutMs, calls);
  }

  /** Every slot is filled. */
  finish(): void {
    this.report.finish();
    const { waves } = this.report;
    if (waves.length === 0) return;
    this.#service.settings?.logger?.debug?.({ waves }, `Remote fields of a response: ${this.report}`);
  }

  async #fill(list: SiteList, answer: Promise<Rows>, represented: Represented): Promise<void> {
    const { field, property, targets, keys } = list;
    const policy = policyOf(field, list.defaults, this.#settings);
    let rows: Rows;
    try {
      rows = await answer;
    } catch (error) {
      if (keys.some((value) => keysOf(field, value).length > 0)) {
        if (policy.onError === 'raise') throw error;
        this.#degrade(field, error);
      }
      targets.forEach((target, i) => void setOwn(target, property, failed(field, keys[i], policy)));
      return;
    }
    const { serializer } = field.options;
    if (serializer) rows = await this.#represent(list, serializer, rows, represented);
    targets.forEach((target, i) => void setOwn(target, property, filled(field, keys[i], rows, policy)));
  }

  /** In the log, in the counts, and in the answer of a view. */
  #degrade({ route }: RemoteSlot, error: unknown): void {
    const service = this.#service;
    const message = `Remote fields of "${route}" go without their objects: ${messageOf(error)}`;
    service.settings?.logger?.warn({ route, err: error }, message);
    remoteFieldsOf(service).route(route).counts.degraded += 1;
    this.#scope?.degraded?.set(route, codeOf(error));
  }

  async #represent(list: SiteList, serializer: RemoteSerializer, rows: Rows, represented: Represented): Promise<Rows> {
    const run = list.run ?? new Run({}, undefined, false, this.defaults);
    const shown = await represented.rowsFor(list, serializer, run, rows);
    // Nobody else finishes a run that was made here.
    if (!list.run) await finishRun(run, this);
    return shown;
  }
}

/** Fills the slots of a run: promises and remote objects side by side, until nothing is left. */
export async function finishRun(run: Run, batch: Batch, sendAtOnce = false): Promise<void> {
  try {
    while (!run.sites.isEmpty) {
      const { lists, late } = run.take();
      const work: Promise<unknown>[] = late.map(async ({ target, property, promise, settle }) => {
        const value = await promise;
        if (settle) settle(target, value);
        else setOwn(target, property, value);
      });
      if (lists.length > 0) work.push(batch.submit(lists));
      if (sendAtOnce) batch.flush();
      await Promise.all(work);
    }
  } finally {
    if (sendAtOnce) batch.finish();
  }
}

/** What code below a response sees of it: a class in between may have defaults of its own. */
export interface BatchScope {
  readonly batch: Batch;
  readonly defaults: RemoteDefaults;
}

const storage = new AsyncLocalStorage<BatchScope>();

/** Runs `work` in the batch of the response it belongs to, or in one of its own: then it is the root. */
export function inBatch<T>(defaults: RemoteDefaults, work: (batch: Batch, isRoot: boolean) => T): T {
  const outer = storage.getStore();
  if (outer?.batch.admits(defaults)) {
    const { batch } = outer;
    return storage.run({ batch, defaults: { ...outer.defaults, ...defaults } }, () => work(batch, false));
  }
  const batch = new Batch(defaults);
  return storage.run({ batch, defaults }, () => work(batch, true));
}

/** The batch that what runs now belongs to; undefined outside of a response. */
export function currentBatch(): BatchScope | undefined {
  return storage.getStore();
}

/** The object of one key: for serializers that are not ours, and for items of lists in ours. */
export function loadOne(field: RemoteSlot, value: unknown, ctx?: Ctx): Promise<unknown> {
  return inBatch({}, async (batch) => {
    const target: Target = { value };
    const list = {
      run: ctx && runOf(ctx),
      field,
      defaults: { ...storage.getStore()?.defaults, ...(ctx instanceof Scope && ctx.remote) },
      property: 'value',
      targets: [target],
      keys: [value],
    };
    await batch.submit([list]);
    return target.value;
  });
}
