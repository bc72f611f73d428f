/** Where a task was registered, for messages that name it. */

import { fileURLToPath } from 'node:url';

/** `file:line:column` of the code that called `below`; `an unknown place` where the stack does not tell. */
export function callerPlace(below: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, below);
  const frame = holder.stack?.split('\n')[1] ?? '';
  const place = frame.match(/(?:^|[\s(])((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/)?.[1];
  return place ? readable(place) : 'an unknown place';
}

/** A place that is a URL, as a path; line and column stay behind it. */
function fileOf(place: string): string {
  const [, url = place, position = ''] = /^(.*?)((?::\d+){0,2})$/.exec(place) ?? [];
  return fileURLToPath(url) + position;
}

/** As a terminal shows it: no `file://`, relative to the working directory where the file is below it. */
function readable(place: string): string {
  const path = place.startsWith('file:') ? fileOf(place) : place;
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}
