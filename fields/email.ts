/** E-mail addresses. */
import { CharField, type CharOptions } from './char.js';
import { isDomain } from './host.js';
import { isIpAddress } from './ip-text.js';
import type { NoOptions } from './types.js';

/** The longest address that can be delivered to: 64 + 1 + 255. */
const MAX_LENGTH = 320;
const ATOMS = /^[-!#$%&'*+/=?^_`{}|~0-9A-Z]+(?:\.[-!#$%&'*+/=?^_`{}|~0-9A-Z]+)*$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: quoted names may hold them
const QUOTED = /^"(?:[\x01-\x08\x0b\x0c\x0e-\x1f!#-[\]-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*"$/;
const LITERAL = /^\[([A-F0-9:.]+)\]$/i;

/** Reads an address such as `a@example.com`, `a@localhost` or `a@[::1]`, and gives it as it is. */
export class EmailField<const P extends CharOptions = NoOptions> extends CharField<P> {
  static override readonly errorMessages = { invalid: 'Enter a valid email address.' };
  static override readonly optionNames: readonly string[] = [];

  constructor(options?: P) {
    super(options);
    this.refuseWhen((text: string) => !isEmail(text), 'invalid');
  }
}

/** What nearly all addresses look like; the others are looked at more closely. */
const USUAL = /^[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

export function isEmail(text: string): boolean {
  if (text.length <= MAX_LENGTH && USUAL.test(text)) return true;
  const at = text.lastIndexOf('@');
  if (at < 1 || text.length > MAX_LENGTH) return false;
  const name = text.slice(0, at);
  if (!ATOMS.test(name) && !QUOTED.test(name)) return false;
  const domain = text.slice(at + 1);
  return domain === 'localhost' || isDomain(domain) || isIpAddress(LITERAL.exec(domain)?.[1] ?? '');
}
