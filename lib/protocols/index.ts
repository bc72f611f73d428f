/** Protocols by name. To add one: a file beside this, its name in `ProtocolName`, a line here. */
import { bgtasksPython } from './bgtasks-python.js';
import { json } from './json.js';
import type { Protocol, ProtocolName } from './protocol.js';

export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = { json, 'bgtasks-python': bgtasksPython };
