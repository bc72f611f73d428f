/**
 * Times contenders against each other in one process: they take turns, in another order each round, so that whatever else
 * the machine does meets all of them alike.
 *
 * Shape:  a turn is `RUNS` runs in a row: what one leaves to the garbage collector is for the most part its own to pay.
 *         No collection is forced between turns: V8 then drops code that it keeps where collections come by themselves.
 * Units:  milliseconds of one run; `spread` is (third quartile - first quartile) / median.
 */
const RUNS = 5;

export interface Contender {
  readonly name: string;
  /** What is timed. What it returns is checked once against that of the limit, where `check` is given. */
  run(): unknown;
}

export interface Scenario {
  readonly name: string;
  /** What one run is. */
  readonly what: string;
  /** Before the first round and after the last, not timed. */
  open?(): Promise<void>;
  close?(): Promise<void>;
  /** The first is the limit that the others are held against. A function where they need what `open` has opened. */
  readonly contenders: readonly Contender[] | (() => readonly Contender[]);
  /** Throws where a contender's result is not what it should be: a fast wrong answer is no answer. */
  check(result: unknown, contender: Contender): void;
  /** A line below the table. */
  summary?(rows: readonly Row[]): Promise<string>;
}

export interface Row {
  readonly name: string;
  readonly medianMs: number;
  readonly spread: number;
  /** Against the limit: the median of the ratios of all rounds, as what slows one of them slows both. */
  readonly ratio: number;
}

export interface Measured {
  readonly rows: readonly Row[];
  readonly summary: string | undefined;
}

export async function measure(scenario: Scenario, rounds: number): Promise<Measured> {
  await scenario.open?.();
  try {
    const rows = await measureOpen(scenario, rounds);
    return { rows, summary: await scenario.summary?.(rows) };
  } finally {
    await scenario.close?.();
  }
}

async function measureOpen(scenario: Scenario, rounds: number): Promise<Row[]> {
  const contenders = typeof scenario.contenders === 'function' ? scenario.contenders() : scenario.contenders;
  const times = contenders.map((): number[] => []);
  for (const contender of contenders) scenario.check(await contender.run(), contender);
  const warmUp = Math.ceil(rounds / 4);
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const [index, contender] of shuffled([...contenders.entries()])) {
      const startedAt = performance.now();
      for (let run = 0; run < RUNS; run += 1) await contender.run();
      if (round >= 0) times[index]?.push((performance.now() - startedAt) / RUNS);
    }
  }
  const limit = times[0] ?? [];
  return contenders.map(({ name }, index) => {
    const all = times[index] ?? [];
    const medianMs = quantile(all, 0.5);
    const spread = (quantile(all, 0.75) - quantile(all, 0.25)) / medianMs;
    const ratios = all.map((ms, round) => ms / (limit[round] ?? ms));
    return { name, medianMs, spread, ratio: quantile(ratios, 0.5) };
  });
}

/** Fisher and Yates. */
function shuffled<T>(all: T[]): T[] {
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
