/** Protocols by name. To add one: a file or folder beside this, its name in `ProtocolName`, a line here. */
import { bgtasksPython } from './bgtasks-python.js';
import { celery } from './celery/celery.js';
import { klue } from './celery/klue.js';
import { gzipJson } from './gzip-json.js';
import { json } from './json.js';
import { microFramework } from './micro-framework/micro-framework.js';
import type { Protocol, ProtocolName } from './protocol.js';

export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = {
  json,
  'gzip-json': gzipJson,
  celery,
  klue,
  'micro-framework': microFramework,
  'bgtasks-python': bgtasksPython,
};
