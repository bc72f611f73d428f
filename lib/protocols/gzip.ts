/**
 * Compressed JSON, with a bound on what comes out: a few kilobytes can unpack to gigabytes.
 *
 * Errors: `BAD_BODY` where the bytes are no gzip, `BODY_TOO_LARGE` beyond `maxBytes`.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { BgTasksError, messageOf } from '../errors.js';
import { readJson, writeJson } from './json-body.js';
import type { JsonNumbers } from './json-numbers.js';

const MAGIC = [0x1f, 0x8b] as const;

export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1];
}

export function writeGzip(value: unknown, maxBytes: number, numbers?: JsonNumbers): Buffer {
  return gzipSync(writeJson(value, maxBytes, numbers));
}

/** Bytes that do not begin as gzip does are read as plain JSON. */
export function readGzip(bytes: Buffer, maxBytes: number, numbers?: JsonNumbers): unknown {
  return readJson(isGzip(bytes) ? unpack(bytes, maxBytes) : bytes, maxBytes, numbers);
}

function unpack(bytes: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      const message = `The body unpacks to more than ${maxBytes} bytes (setting "maxBodyBytes").`;
      throw new BgTasksError('BODY_TOO_LARGE', message, { maxBytes });
    }
    throw new BgTasksError('BAD_BODY', `The body is not gzip: ${messageOf(error)}`, {}, { cause: error });
  }
}
