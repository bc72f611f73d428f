/**
 * Texts as Python reads them, where JavaScript differs: white space, lengths, digits.
 *
 * Shape:  pure functions over texts, each in time linear in the text.
 */

/** A length in code points, as people and databases count: an emoji is one, though JavaScript counts two. */
export function codePoints(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if (isLead(text.charCodeAt(i)) && isTrail(text.charCodeAt(i + 1))) {
      length--;
      i++;
    }
  }
  return length;
}

/** The first half of a pair that stands without its other half, or undefined. */
export function loneSurrogate(text: string): number | undefined {
  if (text.isWellFormed()) return undefined;
  // With the flag `u` a whole pair is one character, so that only lone halves match.
  return /\p{Surrogate}/u.exec(text)?.[0].charCodeAt(0);
}

function isLead(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** What Python's `strip()` removes. `trim()` differs: it takes U+FEFF and leaves U+001C to U+001F and U+0085. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const SPACES = new RegExp(`[${SPACE}]`);

/** Without white space at both ends, as Python's `strip()` has it. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  // Loops, as a pattern that ends in `$` is quadratic on a long run of spaces inside the text.
  while (start < end && isSpace(text, start)) start++;
  while (end > start && isSpace(text, end - 1)) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

function isSpace(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  // Most texts begin and end with a letter or a digit.
  if (unit > 0x20 && unit < 0x85) return false;
  return SPACES.test(text[index] as string);
}

const ASCII = /^[\0-\x7f]*$/;

/** Digits of any script become ASCII digits, as Python's `int()` reads them. */
export function asciiDigits(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) as number)));
}

/** Digits stand in runs of ten, so the place in the run is the value. */
function digitValue(codePoint: number): number {
  let start = codePoint;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(start - 1))) start--;
  return (codePoint - start) % 10;
}
