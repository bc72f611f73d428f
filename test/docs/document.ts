/** Code blocks of a Markdown document. The first line of a `ts` block names its file: `// tasks.ts`. */
import { readFileSync } from 'node:fs';

export interface Block {
  readonly language: string;
  readonly text: string;
  /** Name of the file, where the block has one. */
  readonly file: string | undefined;
}

export class Document {
  readonly text: string;
  readonly blocks: readonly Block[];

  constructor(path: string) {
    this.text = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
    const found = this.text.matchAll(/^```(\w+)\n(.*?)^```$/gms);
    this.blocks = [...found].map(([, language = '', text = '']) => {
      return { language, text, file: /^\/\/ (\S+\.[cm]?ts)\n/.exec(text)?.[1] };
    });
  }

  /** Named files and their content. */
  get files(): Record<string, string> {
    const named = this.blocks.flatMap(({ file, text }) => (file === undefined ? [] : [[file, text]]));
    return Object.fromEntries(named);
  }

  /** Every `ts` block as a file: those without a name get one. */
  get modules(): Record<string, string> {
    const blocks = this.blocks.filter(({ language }) => language === 'ts');
    return Object.fromEntries(blocks.map(({ file, text }, index) => [file ?? `unnamed-${index}.ts`, text]));
  }

  /** The `text` blocks between a named file and the next `ts` block: what running it prints. */
  outputs(file: string): readonly string[] {
    const start = this.blocks.findIndex((block) => block.file === file);
    const after = this.blocks.slice(start + 1);
    const end = after.findIndex(({ language }) => language === 'ts');
    const own = end < 0 ? after : after.slice(0, end);
    return own.filter(({ language }) => language === 'text').map(({ text }) => text);
  }
}
