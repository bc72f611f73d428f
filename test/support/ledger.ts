/**
 * What was sent, and what came of it, kept so that no process has to survive: each id is one line of a file, written at
 * once and appended (O_APPEND), so that many processes share one ledger and a SIGKILL costs nothing that was entered.
 *
 * Shape:  `published` when the sender knows that the message is safe (a confirm, an answer), `effect` when it was handled.
 *         `lost`, `duplicates` and `unexpected` compare the two.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Ledger {
  readonly path: string;
  readonly #folder: string | undefined;

  /** Without `path` a new, empty ledger, removed by `close`. A process that is given one passes its path on. */
  constructor(path?: string) {
    this.#folder = path === undefined ? mkdtempSync(join(tmpdir(), 'bgtasks-ledger-')) : undefined;
    this.path = path ?? join(this.#folder as string, 'ledger');
    appendFileSync(this.path, '');
  }

  published(id: string | number): void {
    appendFileSync(this.path, `published ${id}\n`);
  }

  effect(id: string | number): void {
    appendFileSync(this.path, `effect ${id}\n`);
  }

  /** Ids that were published and had no effect. */
  lost(): readonly string[] {
    const { published, effects } = this.#read();
    return [...published.keys()].filter((id) => !effects.has(id));
  }

  /** Ids with more than one effect. */
  duplicates(): readonly string[] {
    return [...this.#read().effects].filter(([, count]) => count > 1).map(([id]) => id);
  }

  /** Ids with an effect of which no sender knows that they were published, as where the confirm was lost. */
  unexpected(): readonly string[] {
    const { published, effects } = this.#read();
    return [...effects.keys()].filter((id) => !published.has(id));
  }

  /** How many ids were published, and how many had an effect. */
  counts() {
    const { published, effects } = this.#read();
    return { published: published.size, effects: effects.size } as const;
  }

  async close(): Promise<void> {
    if (this.#folder) rmSync(this.#folder, { recursive: true });
  }

  #read() {
    const entries = { published: new Map<string, number>(), effects: new Map<string, number>() };
    for (const line of readFileSync(this.path, 'utf8').split('\n')) {
      const [, kind, id] = /^(published|effect) (.+)$/.exec(line) ?? [];
      if (id === undefined) continue;
      const counts = kind === 'effect' ? entries.effects : entries.published;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return entries;
  }
}
