/**
 * Loaded before the program of a child process whose standard input is a pipe from the test run: however that run ends,
 * the pipe closes, and the child ends. Without the pipe's help, a killed run would leave its workers consuming.
 */
process.stdin.on('end', () => process.exit(1)).on('error', () => process.exit(1));
process.stdin.resume();
// The program ends by itself as it would without this.
(process.stdin as unknown as { unref(): void }).unref();
