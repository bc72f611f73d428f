/**
 * IPv4 and IPv6 addresses as texts.
 *
 * Shape:  `ipv6Groups` gives the eight numbers of an address, or undefined where there is none; `ipv6Text` writes them.
 */

const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;

/** Four numbers up to 255, without leading noughts, as some read those as octal. */
export function isIpv4(text: string): boolean {
  const octets = text.length > 15 ? [] : text.split('.');
  return octets.length === 4 && octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255);
}

export function isIpAddress(text: string): boolean {
  return isIpv4(text) || ipv6Groups(text) !== undefined;
}

/** A zone (`%eth0`) belongs to the machine that says it, and is left out. */
export function ipv6Groups(text: string): readonly number[] | undefined {
  const [address = '', ...zone] = text.split('%');
  if (zone.length > 1 || zone[0] === '' || address.length > 45) return undefined;
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [groupsOf(halves[0] as string), groupsOf(halves[1] ?? '')];
  if (!head || !tail) return undefined;
  const missing = GROUPS - head.length - tail.length;
  // `::` stands for one group at least.
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** Groups between colons; the last may be an IPv4 address, which is two of them. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1) as string;
  if (last.includes('.')) {
    if (!isIpv4(last)) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = last.split('.').map(Number);
    parts.splice(-1, 1, (a * 256 + b).toString(16), (c * 256 + d).toString(16));
  }
  return parts.every((part) => GROUP.test(part)) ? parts.map((part) => Number.parseInt(part, 16)) : undefined;
}

/** The IPv4 address that `::ffff:a.b.c.d` stands for. */
export function mappedIpv4(groups: readonly number[]): string | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  if (groups[5] !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The one form of an address: lower case, `::` for the first of the longest runs of noughts. */
export function ipv6Text(groups: readonly number[]): string {
  const [start, length] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeros(groups: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 0];
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0;
    if (length > best[1]) best = [index - length + 1, length];
  });
  return best;
}
