/** Where a task was registered, for messages that name it. */

/** `file:line:column` of the code that called `below`; `an unknown place` where the stack does not tell. */
export function callerPlace(below: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, below);
  const frame = holder.stack?.split('\n')[1] ?? '';
  const place = frame.match(/(?:^|[\s(])((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/)?.[1];
  return place ? readable(place) : 'an unknown place';
}

/** As a terminal shows it: no `file://`, relative to the working directory where the file is below it. */
function readable(place: string): string {
  const path = decodeURI(place.replace(/^file:\/\//, ''));
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}
