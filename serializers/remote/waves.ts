/**
 * The loop that fills slots: every wave sends what is asked for at that moment, one request per group.
 *
 * Shape:  a `Batch` belongs to one response. `submit(lists)` waits for the turn of the event loop to end, so that
 *         whatever else is asked for in it goes out together; `finishRun` of the root does not wait, as its one pass
 *         has already seen everything. Objects with a serializer of their own may record new sites: the next wave.
 * Errors: a failed call rejects those whose field says `raise`, and nobody else.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RemoteSerializer, RemoteSlot } from '../../fields/remote.js';
import { messageOf } from '../../lib/errors.js';
import { currentScope } from '../../lib/scope.js';
import { REPRESENT, Run, type SiteList, setOwn, type Target } from '../run.js';
import { serviceOf } from '../service.js';
import { fetchRows } from './fetch.js';
import { failed, filled, keysOf, type Rows } from './missing.js';
import { type Group, planWave } from './plan.js';
import { policyOf, type RemoteDefaults } from './policy.js';

interface Submission {
  readonly lists: readonly SiteList[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Batch {
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
    const filling = new Map<SiteList, Promise<void>>();
    for (const group of planWave(submissions.flatMap(({ lists }) => lists))) {
      const rows = this.#fetch(group);
      for (const list of group.lists) filling.set(list, this.#fill(list, rows));
    }
    for (const { lists, resolve, reject } of submissions) {
      Promise.all(lists.map((list) => filling.get(list))).then(() => resolve(), reject);
    }
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

  async #fetch({ field, keys, maxBatch, timeoutMs }: Group): Promise<Rows> {
    if (keys.size === 0) return new Map();
    return fetchRows(serviceOf(this.defaults.service), field, [...keys.values()], { maxBatch, timeoutMs });
  }

  async #fill(list: SiteList, answer: Promise<Rows>): Promise<void> {
    const { field, property, targets, keys } = list;
    const policy = policyOf(field, list.defaults);
    let rows: Rows;
    try {
      rows = await answer;
    } catch (error) {
      if (policy.onError === 'raise') throw error;
      this.#warn(field, error);
      targets.forEach((target, i) => void setOwn(target, property, failed(keys[i], policy)));
      return;
    }
    const { serializer } = field.options;
    if (serializer) rows = await this.#represent(list, serializer, rows);
    targets.forEach((target, i) => void setOwn(target, property, filled(field, keys[i], rows, policy)));
  }

  #warn({ route }: RemoteSlot, error: unknown): void {
    const facts = { route, error };
    serviceOf(this.defaults.service).settings?.logger?.warn(
      facts,
      `Remote fields of "${route}" go without their objects: ${messageOf(error)}`,
    );
  }

  /** Each object once, however many slots show it. */
  async #represent(list: SiteList, serializer: RemoteSerializer, rows: Rows): Promise<Rows> {
    const shown: Target = Object.create(null);
    const run = list.run ?? new Run({}, undefined, false, this.defaults);
    for (const id of new Set(list.keys.flatMap((value) => keysOf(list.field, value).map(list.field.keys.id)))) {
      const row = rows.get(id);
      if (row !== undefined) shown[id] = representOne(serializer, row, run);
    }
    const entries = Object.entries(shown).map(async ([text, one]) => [text, await one] as const);
    const represented = new Map(await Promise.all(entries));
    // Nobody else finishes a run that was made here.
    if (!list.run) await finishRun(run, this);
    return represented;
  }
}

function representOne(serializer: RemoteSerializer, row: unknown, run: Run): unknown {
  if (!(REPRESENT in serializer.prototype)) return new serializer(row, { context: run.context }).data;
  const child = run.child(serializer, () => new serializer(undefined, { context: run.context })) as unknown as {
    [REPRESENT](row: unknown, run: Run): unknown;
  };
  return child[REPRESENT](row, run);
}

/** Fills the slots of a run: promises and remote objects side by side, until nothing is left. */
export async function finishRun(run: Run, batch: Batch, sendAtOnce = false): Promise<void> {
  while (!run.sites.isEmpty) {
    const { lists, late } = run.take();
    const work: Promise<unknown>[] = late.map(async ({ target, property, promise }) => {
      setOwn(target, property, await promise);
    });
    if (lists.length > 0) work.push(batch.submit(lists));
    if (sendAtOnce) batch.flush();
    await Promise.all(work);
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

/** The object of one key: for serializers that are not ours. */
export function loadOne(field: RemoteSlot, value: unknown): Promise<unknown> {
  return inBatch({}, async (batch) => {
    const target: Target = { value };
    const list = {
      run: undefined,
      field,
      defaults: storage.getStore()?.defaults ?? {},
      property: 'value',
      targets: [target],
      keys: [value],
    };
    await batch.submit([list]);
    return target.value;
  });
}
