/** IP addresses. */

import { CharField, type CharOptions } from './char.js';
import { usage } from './field.js';
import { ipv6Groups, ipv6Text, isIpAddress, isIpv4, mappedIpv4 } from './ip-text.js';
import type { NoOptions } from './types.js';

export interface IPAddressOptions extends CharOptions {
  /** Which addresses there may be, in any case of letters. Default: `both`, and then `::ffff:a.b.c.d` becomes `a.b.c.d`. */
  readonly protocol?: 'both' | 'ipv4' | 'ipv6' | 'IPv4' | 'IPv6';
}

const IS_VALID = {
  both: isIpAddress,
  ipv4: isIpv4,
  ipv6: (text: string) => ipv6Groups(text) !== undefined,
} as const;

/** Reads an address; one of IPv6 is given in its shortest form. The codes of all its messages are `invalid`. */
export class IPAddressField<const P extends IPAddressOptions = NoOptions> extends CharField<P> {
  static override readonly errorMessages = {
    invalid: 'Enter a valid IPv4 or IPv6 address.',
    invalid_both: 'Enter a valid IPv4 or IPv6 address.',
    invalid_ipv4: 'Enter a valid IPv4 address.',
    invalid_ipv6: 'Enter a valid IPv6 address.',
  };
  static override readonly optionNames: readonly string[] = ['protocol'];

  readonly #protocol: keyof typeof IS_VALID;

  constructor(options?: P) {
    super(options);
    const protocol = ((this.settings as IPAddressOptions).protocol ?? 'both').toLowerCase();
    if (!Object.hasOwn(IS_VALID, protocol))
      throw usage(`IPAddressField: "protocol" is both, ipv4 or ipv6, not "${protocol}".`);
    this.#protocol = protocol as keyof typeof IS_VALID;
    const isValid = IS_VALID[this.#protocol];
    this.refuseWhen((text: string) => !isValid(text), 'invalid', {}, `invalid_${protocol}`);
  }

  override toInternalValue(data: unknown): string {
    if (typeof data !== 'string') return this.fail('invalid');
    if (this.#protocol === 'ipv4' || !data.includes(':')) return super.toInternalValue(data);
    const groups = ipv6Groups(data);
    if (!groups) return this.fail('invalid');
    const mapped = mappedIpv4(groups);
    if (mapped === undefined) return ipv6Text(groups);
    return this.#protocol === 'both' ? mapped : `::ffff:${mapped}`;
  }
}
