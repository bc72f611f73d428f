/**
 * Checks that follow from options such as `minValue` and `maxLength`.
 *
 * Shape:  a check takes a value and says whether it holds; the field that runs it owns the message.
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
  // With the flag `u` a whole pair is one character, so that only lone halves match.
  return /\p{Surrogate}/u.exec(text)?.[0].charCodeAt(0);
}

function isLead(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

// What Python's `strip()` removes. `trim()` differs: it takes U+FEFF and leaves U+001C to U+001F and U+0085.
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${SPACE}]+`);
const SPACES = new RegExp(`[${SPACE}]`);

/** Without white space at both ends, as Python's `strip()` has it. */
export function strip(text: string): string {
  let end = text.length;
  // A loop, as a pattern that ends in `$` is quadratic on a long run of spaces inside the text.
  while (end > 0 && SPACES.test(text[end - 1] as string)) end--;
  return text.slice(0, end).replace(LEADING, '');
}

/** Digits of any script become ASCII digits, as Python's `int()` reads them. */
export function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) as number)));
}

/** Digits stand in runs of ten, so the place in the run is the value. */
function digitValue(codePoint: number): number {
  let start = codePoint;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(start - 1))) start--;
  return (codePoint - start) % 10;
}
