/**
 * Times contenders against each other in one process: they take turns, so that whatever else the machine does meets all
 * of them alike.
 *
 * Units: milliseconds of one round; `spread` is (third quartile - first quartile) / median.
 */

export interface Contender {
  readonly name: string;
  /** One round. What it returns is checked once against that of the limit, where `check` is given. */
  run(): unknown;
}

export interface Scenario {
  readonly name: string;
  /** What one round is. */
  readonly what: string;
  /** The first is the limit that the others are held against. */
  readonly contenders: readonly Contender[];
  /** Throws where a contender's result is not what it should be: a fast wrong answer is no answer. */
  check(result: unknown, contender: Contender): void;
}

export interface Row {
  readonly name: string;
  readonly medianMs: number;
  readonly spread: number;
  /** Against the limit. */
  readonly ratio: number;
}

export async function measure(scenario: Scenario, rounds: number): Promise<Row[]> {
  const times = scenario.contenders.map((): number[] => []);
  for (const contender of scenario.contenders) scenario.check(await contender.run(), contender);
  const warmUp = Math.ceil(rounds / 4);
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const [index, contender] of scenario.contenders.entries()) {
      globalThis.gc?.();
      const startedAt = performance.now();
      await contender.run();
      if (round >= 0) times[index]?.push(performance.now() - startedAt);
    }
  }
  const medians = times.map((all) => quantile(all, 0.5));
  return scenario.contenders.map(({ name }, index) => {
    const all = times[index] ?? [];
    const medianMs = medians[index] ?? 0;
    const spread = (quantile(all, 0.75) - quantile(all, 0.25)) / medianMs;
    return { name, medianMs, spread, ratio: medianMs / (medians[0] ?? 1) };
  });
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
