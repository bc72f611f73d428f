/**
 * Measures contenders that measure themselves, mostly in processes of their own: they take turns, so that whatever else the
 * machine does meets all of them alike.
 *
 * Shape:  a round asks each contender for one number per metric. `ratio` is the median of the ratios of each round to that
 *         of the limit in the same round; `spread` is (third quartile - first quartile) / median of the numbers.
 */
export interface Metric {
  readonly name: string;
  readonly digits: number;
  /** What ours should reach against the limit. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
}

export interface Sampled {
  readonly name: string;
  /** One number per metric; undefined where there is none. */
  sample(): Promise<readonly (number | undefined)[]>;
}

/** What may differ between `npm run bench` and `npm run bench -- --full`. */
export interface Mode {
  readonly rounds: number;
  /** How often something is done in a round. */
  count(quick: number, full: number): number;
  /** Names of contenders that take part; the limit and ours always do. */
  takesPart(id: string): boolean;
}

export interface SampledScenario {
  readonly name: string;
  /** What one round is. */
  what(mode: Mode): string;
  readonly metrics: readonly Metric[];
  /** Takes minutes. */
  readonly isFullOnly?: boolean;
  /** Default: 5, with `--full` 11. */
  readonly rounds?: number;
  /** The first is the limit. */
  open(mode: Mode): Promise<readonly Sampled[]>;
  close(): Promise<void>;
}

export interface Cell {
  readonly median: number;
  readonly ratio: number;
  readonly spread: number;
}

export interface SampledRow {
  readonly name: string;
  /** In the order of the metrics. */
  readonly cells: readonly (Cell | undefined)[];
}

export async function sample(
  scenario: SampledScenario,
  mode: Mode,
  onProgress: (done: string) => void,
): Promise<readonly SampledRow[]> {
  try {
    const contenders = await scenario.open(mode);
    const rounds: (readonly (number | undefined)[])[][] = contenders.map(() => []);
    for (let round = -1; round < mode.rounds; round += 1) {
      for (const [index, contender] of contenders.entries()) {
        onProgress(`${round < 0 ? 'warm-up' : `round ${round + 1} of ${mode.rounds}`}, ${contender.name}`);
        const numbers = await contender.sample();
        if (round >= 0) rounds[index]?.push(numbers);
      }
    }
    const limit = rounds[0] ?? [];
    return contenders.map(({ name }, index) => ({
      name,
      cells: scenario.metrics.map((_, metric) =>
        cellOf(numbersOf(rounds[index] ?? [], metric), numbersOf(limit, metric)),
      ),
    }));
  } finally {
    await scenario.close();
  }
}

function numbersOf(rounds: readonly (readonly (number | undefined)[])[], metric: number) {
  return rounds.map((numbers) => numbers[metric]);
}

function cellOf(own: readonly (number | undefined)[], limit: readonly (number | undefined)[]): Cell | undefined {
  const numbers = own.filter((number) => number !== undefined);
  if (numbers.length === 0) return undefined;
  const ratios = own.map((number, round) => (number ?? Number.NaN) / (limit[round] ?? Number.NaN));
  const median = quantile(numbers, 0.5);
  const spread = (quantile(numbers, 0.75) - quantile(numbers, 0.25)) / median;
  return { median, ratio: quantile(ratios, 0.5), spread };
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
