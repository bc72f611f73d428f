/**
 * Tasks as an AsyncAPI 3 document.
 *
 * Shape:  a channel per queue or event, with its AMQP binding; an operation per task, which receives. A call answers to the
 *         address in its `reply_to`. Bodies are described where their schema can be told (`jsonSchemaOf`).
 * Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
import type { ExchangeSpec, QueueSpec } from '../lib/broker/broker.js';
import { jsonSchemaOf } from '../lib/json-schema.js';
import { PROTOCOLS } from '../lib/protocols/index.js';
import type { TaskDefinition } from '../lib/tasks/task.js';
import { queuesOf } from '../lib/worker/presence.js';
import { sourceOf } from '../lib/worker/work-source.js';

export interface AsyncApiFacts {
  readonly title: string;
  /** Of the application. */
  readonly version: string;
  readonly urls: readonly string[];
  readonly serviceName: string | undefined;
}

type Node = Readonly<Record<string, unknown>>;

const BINDING_VERSION = '0.3.0';
const REPLY_CHANNEL = 'replies';

export function asyncApi(all: readonly TaskDefinition[], facts: AsyncApiFacts): Node {
  const ids = new Ids();
  const tasks = all.filter(({ kind, schedule }) => kind !== 'websocket' && !schedule?.perProcess); // not over the broker
  const named = tasks.map((task) => [ids.of(task.route), task] as const);
  const hasCalls = tasks.some(({ kind }) => kind === 'rpc');
  const channels = named.map(([id, task]) => [id, channelOf(task, facts.serviceName)] as const);
  return {
    asyncapi: '3.0.0',
    info: { title: facts.title, version: facts.version },
    defaultContentType: 'application/json',
    servers: serversOf(facts.urls),
    channels: { ...Object.fromEntries(channels), ...(hasCalls && { [REPLY_CHANNEL]: replyChannel(named) }) },
    operations: Object.fromEntries(named.map(([id, task]) => [id, operationOf(id, task)])),
  };
}

/** Keys of a document have letters, digits, `.`, `-` and `_`; two routes that differ in nothing else get a number. */
class Ids {
  readonly #taken = new Set<string>([REPLY_CHANNEL]);

  of(route: string): string {
    const plain = route.replace(/[^\w.-]/g, '_');
    let id = plain;
    for (let number = 2; this.#taken.has(id); number += 1) id = `${plain}-${number}`;
    this.#taken.add(id);
    return id;
  }
}

/** Without user and password. The memory broker is no server. */
function serversOf(urls: readonly string[]): Node {
  const remote = urls.map((url) => new URL(url)).filter(({ protocol }) => protocol !== 'memory:');
  const servers = remote.map(({ protocol, host, pathname }, index) => [
    index === 0 ? 'broker' : `broker-${index + 1}`,
    { host, protocol: protocol.slice(0, -1), ...(pathname.length > 1 && { pathname }) },
  ]);
  return Object.fromEntries(servers);
}

function channelOf(task: TaskDefinition, serviceName: string | undefined): Node {
  const { route, kind, description, event } = task;
  const bindings = { amqp: bindingOf(task, serviceName) };
  const words = description === undefined ? {} : { description };
  const body = event ? 'event' : kind === 'rpc' ? 'request' : 'job';
  return { address: event?.name ?? route, ...words, messages: { [body]: messageOf(task, body) }, bindings };
}

function messageOf({ route, options, description }: TaskDefinition, name: string): Node {
  const schema = jsonSchemaOf(options.body);
  return {
    name: `${route}.${name}`,
    ...(description !== undefined && { summary: description }),
    contentType: 'application/json',
    ...(schema && { payload: withoutDialect(schema) }),
  };
}

/** That of the document holds. */
function withoutDialect({ $schema: _dialect, ...schema }: Node): Node {
  return schema;
}

function bindingOf(task: TaskDefinition, serviceName: string | undefined): Node {
  const exchange = exchangeOf(task, serviceName);
  if (exchange) {
    const { name, type, durable, autoDelete = false } = exchange;
    const own = { name, type, durable, autoDelete, vhost: '/' };
    return { is: 'routingKey', exchange: own, bindingVersion: BINDING_VERSION };
  }
  const { name, durable, autoDelete = false, exclusive = false } = queueOf(task, serviceName);
  return { is: 'queue', queue: { name, durable, exclusive, autoDelete, vhost: '/' }, bindingVersion: BINDING_VERSION };
}

/** Of an event. */
function exchangeOf(task: TaskDefinition, serviceName: string | undefined): ExchangeSpec | undefined {
  if (!task.event) return undefined;
  const declared = sourceOf(task, serviceName).declarations ?? [];
  return declared.flatMap((each) => ('exchange' in each ? [each.exchange] : []))[0];
}

function queueOf(task: TaskDefinition, serviceName: string | undefined): QueueSpec {
  const { route, kind, options } = task;
  const name = queuesOf(task, serviceName).queues.at(-1) ?? route;
  const declared =
    kind === 'rpc'
      ? PROTOCOLS[options.protocol ?? 'json'].requestsOf(route, options).declarations
      : (sourceOf(task, serviceName).declarations ?? []);
  const queues = declared.flatMap((each) => ('queue' in each ? [each.queue] : []));
  return queues.find((queue) => queue.name === name) ?? { name, durable: true, arguments: {} };
}

function replyChannel(named: readonly (readonly [string, TaskDefinition])[]): Node {
  const calls = named.filter(([, { kind }]) => kind === 'rpc');
  const messages = calls.map(([id, { route }]) => [id, { name: `${route}.reply`, contentType: 'application/json' }]);
  return {
    address: null,
    description: 'Answers of calls, with their correlation id.',
    messages: Object.fromEntries(messages),
  };
}

function operationOf(id: string, { kind, event, description }: TaskDefinition): Node {
  const body = event ? 'event' : kind === 'rpc' ? 'request' : 'job';
  const reply = {
    address: { location: '$message.header#/reply_to' },
    channel: { $ref: `#/channels/${REPLY_CHANNEL}` },
    messages: [{ $ref: `#/channels/${REPLY_CHANNEL}/messages/${id}` }],
  };
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${id}` },
    ...(description !== undefined && { summary: description }),
    messages: [{ $ref: `#/channels/${id}/messages/${body}` }],
    ...(kind === 'rpc' && { reply }),
  };
}
