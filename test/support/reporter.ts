/**
 * Mocha's `spec`, and after everything else one line for machines: `12 passed, 0 failed, 1 skipped`.
 *
 * A run that fails outside of its tests (its setup, an error after the last test, a process that does not end) counts
 * as one failed, so that the line and the exit code never disagree.
 * Units: the reporter option `stillOpenMs` is milliseconds from the last test to the end of the process, 10 s by default.
 */
import Mocha from 'mocha';

interface Counts {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

export function countLine({ passes, failures, pending }: Counts): string {
  return `${passes} passed, ${failures} failed, ${pending} skipped`;
}

export default class Reporter extends Mocha.reporters.Spec {
  readonly #stillOpenMs: number;
  /** Known when the run is over, global teardown included; until then the end of the process is a failure. */
  #failures: number | undefined;

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    this.#stillOpenMs = Number(options.reporterOptions?.stillOpenMs ?? 10_000);
    process.once('exit', (code) => this.#writeCounts(code));
    // From here on mocha throws such an error again in its own listener: Node then ends at once, and without the counts.
    runner.once('end', () => process.prependListener('uncaughtException', endWith));
  }

  override done(failures: number, finish?: (failures: number) => void): void {
    this.#failures = failures;
    finish?.(failures);
    // After mocha's listener, which `finish` has added: it sets the exit code to the number of failures, also to 0.
    process.once('exit', (code) => {
      if (code !== 0) process.exitCode = code;
    });
    this.#endInTime();
  }

  #writeCounts(code: number): void {
    const isWhole = this.#failures !== undefined && code === 0;
    const failures = Math.max(this.#failures ?? 0, this.stats.failures, isWhole ? 0 : 1);
    if (failures > 0) process.exitCode = Math.min(failures, 255);
    console.log(countLine({ ...this.stats, failures }));
  }

  /** A process that lives on has left something open. It is told what, and ended: CI must not hang. */
  #endInTime(): void {
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ');
      endWith(`The process did not end within ${this.#stillOpenMs} ms of the last test. Still open: ${open}`);
    }, this.#stillOpenMs).unref();
  }
}

function endWith(reason: unknown): void {
  console.error(reason);
  process.exit(1);
}
