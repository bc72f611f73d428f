/** What a test opens closes itself: `const service = autoClose(new Service())`. Newest first, after each test. */

interface Closable {
  close(): Promise<unknown>;
}

const opened: Closable[] = [];

export function autoClose<T extends Closable>(closable: T): T {
  opened.push(closable);
  return closable;
}

afterEach(async () => {
  for (const closable of opened.splice(0).reverse()) await closable.close();
});
