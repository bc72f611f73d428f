/** Web addresses. */
import { CharField, type CharOptions } from './char.js';
import { isAscii, isHost } from './host.js';
import { ipv6Groups, isIpv4 } from './ip-text.js';
import type { NoOptions } from './types.js';
import { SPACE } from './validators.js';

const MAX_LENGTH = 2048;
const MAX_HOST_LENGTH = 253;
const SCHEME = /^(?:https?|ftps?):\/\//i;
const SPACES = new RegExp(`[${SPACE}]`);
const USER = /^[^:@/]+(?::[^:@/]*)?@/;
/** What nearly all addresses look like; the others are looked at more closely. */
const USUAL =
  /^(?:https?|ftps?):\/\/(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(?::\d{1,5})?(?:[/?#][!-~]*)?$/i;
const PORT = /:\d{1,5}$/;

/** Reads `http`, `https`, `ftp` and `ftps` addresses of hosts with a dot, of `localhost` and of IP addresses. */
export class URLField<const P extends CharOptions = NoOptions> extends CharField<P> {
  static override readonly errorMessages = { invalid: 'Enter a valid URL.' };
  static override readonly optionNames: readonly string[] = [];

  constructor(options?: P) {
    super(options);
    this.refuseWhen((text: string) => !isUrl(text), 'invalid');
  }
}

export function isUrl(text: string): boolean {
  if (text.length <= MAX_HOST_LENGTH && USUAL.test(text)) return true;
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme === undefined || text.length > MAX_LENGTH || SPACES.test(text)) return false;
  const rest = text.slice(scheme.length);
  const user = USER.exec(rest)?.[0] ?? '';
  // What looks like a user may be a part of the path or query: `example.com?x@y`.
  return isPlace(rest.slice(user.length)) || (user !== '' && isPlace(rest));
}

/** Host and port, up to the path. */
function isPlace(rest: string): boolean {
  const place = rest.split(/[/?#]/, 1)[0] as string;
  const host = place.replace(PORT, '');
  if (host.length > MAX_HOST_LENGTH || hidesDelimiter(host)) return false;
  if (host.startsWith('[')) return host.endsWith(']') && isIpv6(host.slice(1, -1));
  return isIpv4(host) || isHost(host);
}

/** In brackets there is no zone. */
function isIpv6(text: string): boolean {
  return !text.includes('%') && ipv6Groups(text) !== undefined;
}

/** Letters that others read as one of `/?#@:` could make another host of it. */
function hidesDelimiter(host: string): boolean {
  return !isAscii(host) && /[/?#@:]/.test(host.normalize('NFKC'));
}
