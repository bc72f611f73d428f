/**
 * One question for what many rows ask in one turn of the event loop.
 *
 * Shape:  `loaderFor(ctx, place, fetch)` is one loader per run and place, so users never share an answer. `load(key)`
 *         gathers; `fetch(keys)` is called once, after everything that can run now has run, and answers in their order.
 *         Outside of a run each call has a loader of its own.
 * Errors: a failed `fetch` rejects all that waited for it, and is not kept.
 */
import type { Ctx } from './types.js';

export type Fetch<K, V> = (keys: readonly K[]) => Promise<readonly V[]>;

export class RelatedLoader<K, V> {
  readonly #fetch: Fetch<K, V>;
  #waiting: { key: K; resolve: (value: V) => void; reject: (error: unknown) => void }[] = [];

  constructor(fetch: Fetch<K, V>) {
    this.#fetch = fetch;
  }

  load(key: K): Promise<V> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      // After the promises of this turn have run: they may ask for more.
      if (this.#waiting.length === 1) void Promise.resolve().then(() => process.nextTick(() => this.#flush()));
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#fetch(waiting.map(({ key }) => key)).then(
      (values) => {
        waiting.forEach(({ resolve }, index) => void resolve(values[index] as V));
      },
      (error) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  }
}

const loaders = new WeakMap<object, Map<object, unknown>>();

/** `place` is what asks: a field or a validator. */
export function loaderFor<K, V>(ctx: Ctx, place: object, fetch: () => Fetch<K, V>): RelatedLoader<K, V> {
  const run = ctx as Ctx & { readonly run?: object };
  const owner = run.run ?? ctx;
  // What is frozen is shared by everyone who has no run.
  if (Object.isFrozen(owner)) return new RelatedLoader(fetch());
  let own = loaders.get(owner);
  if (!own) {
    own = new Map();
    loaders.set(owner, own);
  }
  const known = own.get(place);
  if (known) return known as RelatedLoader<K, V>;
  const made = new RelatedLoader(fetch());
  own.set(place, made);
  return made;
}
