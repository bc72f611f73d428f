/** One line per request: `GET /products 200, 312 rows, 2 calls, 14 ms`. The calls are what `view()` has counted. */
import type { RequestHandler } from 'express';

export type Log = (line: string) => void;

export function logRequests(log: Log): RequestHandler {
  return ({ method, originalUrl }, res, next) => {
    const start = performance.now();
    let rows = 0;
    const sendJson = res.json;
    res.json = function json(body) {
      rows = Array.isArray(body) ? body.length : Number(res.statusCode < 300);
      return sendJson.call(this, body);
    };
    res.on('finish', () => {
      const calls = Number(res.get('X-RPC-Calls') ?? 0);
      const ms = Math.round(performance.now() - start);
      log(`${method} ${originalUrl} ${res.statusCode}, ${count(rows, 'row')}, ${count(calls, 'call')}, ${ms} ms`);
    });
    next();
  };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
