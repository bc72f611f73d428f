/** Short names for URLs. */

import { CharField, type CharOptions } from './char.js';
import type { NoOptions } from './types.js';

export interface SlugOptions extends CharOptions {
  /** Letters and digits of all scripts. Default: false, ASCII alone. */
  readonly allowUnicode?: boolean;
}

// A line feed at the end passes where it is not trimmed, as Python's `$` stands before one too.
const ASCII_SLUG = /^[-a-zA-Z0-9_]+\n?$/;
const SLUG = /^[-\p{L}\p{N}_]+$/u;

/** Reads letters, digits, underscores and hyphens. The code of both its messages is `invalid`. */
export class SlugField<const P extends SlugOptions = NoOptions> extends CharField<P> {
  static override readonly errorMessages = {
    invalid: 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
    invalid_unicode: 'Enter a valid "slug" consisting of Unicode letters, numbers, underscores, or hyphens.',
  };
  static override readonly optionNames: readonly string[] = ['allowUnicode'];

  constructor(options?: P) {
    super(options);
    const { allowUnicode = false } = this.settings as SlugOptions;
    const [pattern, message] = allowUnicode ? [SLUG, 'invalid_unicode'] : [ASCII_SLUG, 'invalid'];
    this.refuseWhen((text: string) => !pattern.test(text), 'invalid', {}, message);
  }
}
