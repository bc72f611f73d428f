/** Who may open a socket: room, origin, `authenticate`. What refuses is an HTTP status. */
import type { IncomingMessage } from 'node:http';
import type { Caller } from '../../caller.js';
import type { Logger } from '../../logger.js';
import type { WebSocketSettings } from '../../settings/websocket.js';

export type Admission = { readonly caller: Caller } | { readonly status: number; readonly reason: string };

export async function admit(
  request: IncomingMessage,
  { origins, authenticate }: WebSocketSettings,
  logger: Logger,
): Promise<Admission> {
  const { origin } = request.headers;
  // A page of any site can open a socket to this machine; its browser says which one it is.
  if (origin !== undefined && !origins.includes(origin)) {
    logger.warn({ origin: origin.slice(0, 200) }, 'websocket refused: this origin is not in "websocket.origins"');
    return { status: 403, reason: 'Origin not allowed' };
  }
  if (!authenticate) return { caller: {} };
  const { url = '/', headers, socket } = request;
  try {
    const known: unknown = await authenticate({ url, headers, remoteAddress: socket.remoteAddress });
    if (typeof known === 'object' && known !== null) return { caller: known };
    return known === true ? { caller: {} } : { status: 401, reason: 'Not authenticated' };
  } catch (error) {
    logger.error({ err: error }, 'websocket refused: "websocket.authenticate" threw');
    return { status: 401, reason: 'Not authenticated' };
  }
}
