/** Texts that match a pattern. */
import { CharField, type CharOptions } from './char.js';
import { usage } from './field.js';

export interface RegexOptions extends CharOptions {
  /** JavaScript's, searched anywhere in the text; as a text it has the flag `u`, where it is readable with that. */
  readonly regex: RegExp | string;
}

/** Reads texts that `regex` matches. Beware of patterns that take exponential time: `maxLength` does not stop them. */
export class RegexField<const P extends RegexOptions> extends CharField<P> {
  static override readonly errorMessages = { invalid: 'This value does not match the required pattern.' };
  static override readonly optionNames: readonly string[] = ['regex'];

  constructor(options: P) {
    super(options);
    const pattern = patternOf(options?.regex);
    this.refuseWhen((text: string) => !pattern.test(text), 'invalid');
  }
}

function patternOf(regex: RegExp | string | undefined): RegExp {
  // With the flags `g` and `y` a pattern would remember where it was.
  if (regex instanceof RegExp) return new RegExp(regex.source, regex.flags.replace(/[gy]/g, ''));
  if (typeof regex !== 'string') throw usage('RegexField: "regex" is a RegExp or its text.');
  try {
    return new RegExp(regex, 'u');
  } catch {
    return plainPattern(regex);
  }
}

function plainPattern(regex: string): RegExp {
  try {
    return new RegExp(regex);
  } catch (error) {
    throw usage(`RegexField: "regex" cannot be read: ${(error as Error).message}.`);
  }
}
