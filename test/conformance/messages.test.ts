import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import * as fields from '../../fields/index.js';
import { messagesOf } from '../../fields/messages.js';

interface FieldMessages {
  readonly class: string;
  readonly messages: readonly { readonly code: string; readonly template: string }[];
}

/** Uploads, and what a `Date` and a text of a date cannot tell apart. */
const NOT_OURS = ['FileField', 'FilePathField', 'ImageField'];
const NEVER_SAID = ['DateTimeField date'];

describe('messages, as recorded from Django REST framework', () => {
  for (const { class: name, messages } of read()) {
    if (NOT_OURS.includes(name)) continue;
    it(`are those of ${name}`, () => {
      const ours = messagesOf((fields as Record<string, unknown>)[classOf(name)] as object);
      for (const { code, template } of messages) {
        if (!NEVER_SAID.includes(`${name} ${code}`)) expect(ours[code], code).to.equal(template);
      }
    });
  }
});

function classOf(name: string): string {
  return name === 'SerializerMethodField' ? 'MethodField' : name;
}

function read(): readonly FieldMessages[] {
  const url = new URL('../../../test/conformance/data/messages.json', import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { fields: FieldMessages[] }).fields;
}
