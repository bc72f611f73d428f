/**
 * amqplib makes the headers of a message the prototype of another object. For a new object that costs V8 3 µs, a tenth of
 * what a call costs its caller; for one that it has seen, 1 µs. So messages with the same names of headers share one.
 *
 * Shape:  valid until the next call of `of`: amqplib turns it into bytes within `publish`.
 */
type Headers = Readonly<Record<string, unknown>>;

export class ReusedHeaders {
  #names: readonly string[] = [];
  #shared: Record<string, unknown> = {};

  of(headers: Headers | undefined): Headers | undefined {
    if (headers === undefined) return undefined;
    const names = Object.keys(headers);
    if (names.length === 0) return undefined;
    if (!isSame(names, this.#names)) {
      this.#names = names;
      this.#shared = { ...headers };
      return this.#shared;
    }
    for (const name of names) this.#shared[name] = headers[name];
    return this.#shared;
  }
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, i) => name === others[i]);
}
