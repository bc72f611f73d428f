/**
 * Who is there: a question to all processes of a service, or of all services, and their answers.
 *
 * Shape:  published to the topic exchange `bgtasks.v1.control` under the key `<service>` or `all`; each worker has a queue
 *         there. There is no registry: who answers while one waits is present.
 * Errors: what cannot be read is no question, and no answer.
 */
import type { IncomingMessage, OutgoingMessage } from '../broker/broker.js';
import { CONTROL_EXCHANGE } from './control.js';
import { readJson, writeJson } from './json-body.js';

/** Who; that with what it serves; that with how it is. */
export const QUESTIONS = ['ping', 'tasks', 'status'] as const;
export type Question = (typeof QUESTIONS)[number];

/** The key under which every worker listens. */
export const ALL = 'all';
const TYPE = 'presence';

/** A process. */
export interface Instance {
  /** Undefined where it has no name. */
  readonly service: string | undefined;
  /** Of this start of the process. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Of this package. */
  readonly version: string;
  readonly node: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** What a task is, for those who want to call it. */
export interface TaskInfo {
  readonly route: string;
  readonly kind: string;
  readonly protocol: string;
  readonly description?: string | undefined;
  readonly queue?: string | undefined;
  /** JSON schema (draft 7) of its body. */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
}

/** How a task of one process is. */
export interface TaskStatus {
  readonly route: string;
  readonly kind: string;
  /** All that it is served from. */
  readonly queues: readonly string[];
  readonly deadQueue?: string | undefined;
  readonly running: number;
  /** Runs since the start; those that failed are among them. */
  readonly ended: number;
  readonly failed: number;
}

export interface PresenceAnswer {
  readonly instance: Instance;
  readonly tasks?: readonly TaskInfo[];
  readonly status?: {
    readonly health: Readonly<Record<string, unknown>>;
    /** Resident memory. */
    readonly rssBytes: number;
    readonly tasks: readonly TaskStatus[];
  };
}

export interface Asking {
  readonly question: Question;
  /** Undefined: all. */
  readonly service: string | undefined;
  readonly correlationId: string;
  readonly replyTo: string;
  readonly waitMs: number;
}

export function writeQuestion({ question, service = ALL, correlationId, replyTo, waitMs }: Asking): OutgoingMessage {
  return {
    exchange: CONTROL_EXCHANGE.name,
    routingKey: service,
    body: Buffer.from(question),
    properties: { type: TYPE, correlationId, replyTo },
    expirationMs: waitMs,
  };
}

export function readQuestion({ body, properties }: IncomingMessage): Question | undefined {
  if (properties.type !== TYPE || body.length > 10) return undefined;
  const text = body.toString();
  return QUESTIONS.find((question) => question === text);
}

export function writeAnswer(
  correlationId: string | undefined,
  answer: PresenceAnswer,
  maxBytes: number,
): IncomingMessage {
  const body = writeJson(answer, maxBytes);
  return { body, properties: { type: TYPE, contentType: 'application/json', correlationId } };
}

/** Whatever is on the wire, texts are texts and numbers are numbers here. */
export function readAnswer({ body, properties }: IncomingMessage, maxBytes: number): PresenceAnswer | undefined {
  if (properties.type !== TYPE) return undefined;
  try {
    const { instance, tasks, status } = recordOf(readJson(body, maxBytes));
    if (typeof recordOf(instance).id !== 'string') return undefined;
    return {
      instance: instanceOf(recordOf(instance)),
      ...(tasks !== undefined && { tasks: listOf(tasks).map(taskInfoOf) }),
      ...(status !== undefined && { status: statusOf(recordOf(status)) }),
    };
  } catch {
    return undefined;
  }
}

type Facts = Readonly<Record<string, unknown>>;

function instanceOf({ service, id, host, pid, version, node, startedAt }: Facts): Instance {
  return {
    service: typeof service === 'string' ? service : undefined,
    id: textOf(id),
    host: textOf(host),
    pid: numberOf(pid),
    version: textOf(version),
    node: textOf(node),
    startedAt: numberOf(startedAt),
  };
}

function taskInfoOf({ route, kind, protocol, description, queue, body }: Facts): TaskInfo {
  return {
    ...{ route: textOf(route), kind: textOf(kind), protocol: textOf(protocol) },
    ...(typeof description === 'string' && { description }),
    ...(typeof queue === 'string' && { queue }),
    ...(body !== undefined && { body: recordOf(body) }),
  };
}

function statusOf({ health, rssBytes, tasks }: Facts): NonNullable<PresenceAnswer['status']> {
  return { health: recordOf(health), rssBytes: numberOf(rssBytes), tasks: listOf(tasks).map(taskStatusOf) };
}

function taskStatusOf({ route, kind, queues, deadQueue, running, ended, failed }: Facts): TaskStatus {
  return {
    ...{ route: textOf(route), kind: textOf(kind) },
    queues: Array.isArray(queues) ? queues.filter((queue) => typeof queue === 'string') : [],
    ...(typeof deadQueue === 'string' && { deadQueue }),
    ...{ running: numberOf(running), ended: numberOf(ended), failed: numberOf(failed) },
  };
}

function recordOf(value: unknown): Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Facts) : {};
}

function listOf(value: unknown): readonly Facts[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
