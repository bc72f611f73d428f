/** Where commands write, and how a table looks. */

export interface Output {
  out(text: string): void;
  error(text: string): void;
  /** Whether somebody looks at what `error` writes. */
  readonly isTerminal?: boolean;
}

export const processOutput: Output = {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
};

/** What came over the wire must not steer the terminal, nor break the table. */
function printable(cell: string): string {
  return cell.replace(/\p{C}+/gu, ' ');
}

/** Columns as wide as their widest cell; no trailing blanks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows.map((row) => row.map(printable))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return lines.map((line) => `${format(line).trimEnd()}\n`).join('');
}
