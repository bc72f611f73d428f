/** Codes of ours under the names of Python's own exceptions, which its callers catch. Others go as they are. */
const PYTHON_NAMES: Readonly<Record<string, string>> = {
  BAD_ARGUMENTS: 'TypeError',
  TASK_TIMEOUT: 'TimeoutError',
  VALIDATION: 'ValueError',
};

export function pythonNameOf(code: string): string {
  return Object.hasOwn(PYTHON_NAMES, code) ? (PYTHON_NAMES[code] as string) : code;
}
