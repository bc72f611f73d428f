/**
 * micro_framework (Python, with the events of nameko). Everything is `application/json` with `utf-8`: with another content
 * type its listeners get the raw text.
 *
 * Calls:  exchange `ufw-rpc`, key `<service>.<target>`, which is the route here; replies go through the same exchange and
 *         are JSON in a JSON text. Bodies are `{ args, kwargs }`.
 * Events: exchange `<service>.events`, durable and auto_delete, exactly as theirs; the body is the payload.
 */
import type { Declaration, ExchangeSpec } from '../../broker/broker.js';
import { BgTasksError, preview } from '../../errors.js';
import { readArguments } from '../../tasks/arguments.js';
import { deadQueue } from '../../topology/work-queue.js';
import { readJson, writeJson } from '../json-body.js';
import { readHeaders, writeHeaders } from '../json-headers.js';
import { jsonWork } from '../json-work.js';
import type { Protocol, WorkProtocol } from '../protocol.js';
import { readAnswer, writeAnswer } from './exception.js';

const RPC: ExchangeSpec = { name: 'ufw-rpc', type: 'topic', durable: true };
/** Keys of the commands that ask a service what it serves. */
export const BROADCAST = '_broadcast.*';
/** Their handler gets the command as its first argument. */
export const DISCOVERY = ['__list_targets__', '__get_target__'];
const PROPERTIES = { contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 2, priority: 0 };

const work: WorkProtocol = {
  ...jsonWork,

  queueOf: (name): Declaration[] => [deadQueue(name), { queue: { name, durable: true, arguments: {} } }],

  exchangeOf: (service) => ({ name: `${service}.events`, type: 'topic', durable: true, autoDelete: true }),

  encode: ({ body, messageId, caller, deadline, headers }, maxBodyBytes, numbers) => ({
    body: writeJson(body, maxBodyBytes, numbers),
    properties: { ...PROPERTIES, messageId, headers: { ...headers, ...writeHeaders(caller, deadline) } },
  }),
};

export const microFramework: Protocol = {
  name: 'micro-framework',
  isPositional: true,
  replyQueue: { boundTo: RPC },
  replyExchange: RPC.name,

  requestsOf(route) {
    const { service, target } = partsOf(route);
    const queue = target === BROADCAST ? `rpc-${service}-broadcast` : `rpc-${service}-${target}`;
    return {
      queue,
      declarations: [
        { exchange: RPC },
        { queue: { name: queue, durable: true, arguments: {} } },
        { binding: { from: RPC.name, key: route, to: { queue } } },
      ],
    };
  },

  encodeRequest({ route, body, correlationId, replyTo, timeoutMs, caller }, maxBodyBytes, numbers) {
    const { target } = partsOf(route);
    const { args, kwargs = {} } = argumentsOf(route, body);
    return {
      exchange: RPC.name,
      routingKey: route,
      body: writeJson({ command: target, command_args: args, command_kwargs: kwargs }, maxBodyBytes, numbers),
      properties: {
        ...PROPERTIES,
        correlationId,
        replyTo,
        headers: writeHeaders(caller, Date.now() + timeoutMs),
      },
      expirationMs: Math.ceil(timeoutMs),
    };
  },

  decodeInfo: ({ properties }) => readHeaders(properties),

  decodeBody({ body }, maxBodyBytes, numbers) {
    const once = readJson(body, maxBodyBytes, numbers);
    const value = typeof once === 'string' ? readJson(Buffer.from(once), maxBodyBytes, numbers) : once;
    const { args, kwargs } = readCommand(value);
    const { command } = value as { command?: unknown };
    if (typeof command !== 'string') throw new BgTasksError('BAD_BODY', 'The body of a call must have a "command".');
    return { args: DISCOVERY.includes(command) ? [command, ...args] : args, kwargs };
  },

  encodeReply: ({ correlationId }, outcome, maxBodyBytes, numbers) => ({
    body: writeJson(writeJson(writeAnswer(outcome), maxBodyBytes, numbers).toString(), maxBodyBytes),
    properties: { ...PROPERTIES, correlationId, headers: {} },
  }),

  decodeReply({ body }, maxBodyBytes, numbers) {
    const once = readJson(body, maxBodyBytes, numbers);
    return readAnswer(typeof once === 'string' ? readJson(Buffer.from(once), maxBodyBytes, numbers) : once);
  },

  work,
};

/** What a call of either transport asks for. */
export function readCommand(value: unknown): { args: readonly unknown[]; kwargs: Readonly<Record<string, unknown>> } {
  const { command_args: args = [], command_kwargs: kwargs = {} } = (value ?? {}) as Record<string, unknown>;
  const found = readArguments({ args: args ?? [], kwargs: kwargs ?? {} });
  if (found) return { args: found.args, kwargs: found.kwargs ?? {} };
  throw new BgTasksError('BAD_BODY', 'The body must be { command, command_args: [...], command_kwargs: {...} }.');
}

function argumentsOf(route: string, body: unknown): { args: readonly unknown[]; kwargs?: object } {
  if (body === undefined || body === null) return { args: [] };
  const found = readArguments(body);
  if (found) return found;
  const message = `"${route}" of micro-framework is called with { args: [...], kwargs: {...} }, not ${preview(body)}.`;
  throw new BgTasksError('USAGE', message, { route });
}

/** `<service>.<target>`; a target may have dots, `Class.method`. */
export function partsOf(route: string): { service: string; target: string } {
  const dot = route.indexOf('.');
  if (dot > 0 && dot < route.length - 1) return { service: route.slice(0, dot), target: route.slice(dot + 1) };
  throw new BgTasksError('INVALID_TASK', `A route of micro-framework is "<service>.<target>", not "${route}".`, {
    route,
  });
}
