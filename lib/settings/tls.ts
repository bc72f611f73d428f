/** The setting `tls`: what it may hold, and the files that it names. */
import { readFileSync } from 'node:fs';
import type { TlsOptions } from '../broker/broker.js';
import { BgTasksError, messageOf, preview } from '../errors.js';

const FILES = ['ca', 'cert', 'key'] as const;
const TEXTS: readonly string[] = [...FILES, 'passphrase', 'servername'];

/** What is wrong with it, or undefined. Shows no value: one may be a key. */
export function tlsProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `must be an object, not ${preview(value)}.`;
  for (const [name, item] of Object.entries(value)) {
    if (name === 'rejectUnauthorized') {
      if (typeof item !== 'boolean') return `has a "${name}" that is neither true nor false.`;
    } else if (!TEXTS.includes(name)) {
      return `has no option "${name}"; there are: ${[...TEXTS, 'rejectUnauthorized'].join(', ')}.`;
    } else if (typeof item !== 'string' && !(name === 'ca' && isListOfTexts(item))) {
      return `has a "${name}" that is no text.`;
    }
  }
  return undefined;
}

/** Each path replaced by the content of its file. */
export function readTls(tls: TlsOptions): TlsOptions {
  const { ca, cert, key, ...rest } = tls;
  return {
    ...rest,
    ...(ca !== undefined && { ca: typeof ca === 'string' ? pemOf('ca', ca) : ca.map((each) => pemOf('ca', each)) }),
    ...(cert !== undefined && { cert: pemOf('cert', cert) }),
    ...(key !== undefined && { key: pemOf('key', key) }),
  };
}

function pemOf(name: string, text: string): string {
  if (text.includes('-----BEGIN ')) return text;
  try {
    return readFileSync(text, 'utf8');
  } catch (error) {
    const message = `Setting "tls.${name}" is neither PEM nor a file that can be read: ${messageOf(error)}.`;
    throw new BgTasksError('INVALID_SETTING', message, { setting: `tls.${name}` }, { cause: error });
  }
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
