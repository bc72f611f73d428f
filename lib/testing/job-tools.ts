/**
 * Jobs and events of one service in the environment `test`: what was sent, jobs that wait, and a clock for delays.
 *
 * Shape:  the memory broker runs jobs and events as they come. `runJobs` and `advance` wait for everything that it has to
 *         do, retries that are due included.
 */
import { MemoryBroker } from '../broker/memory/broker.js';
import type { Hub } from '../broker/memory/hub.js';
import type { SentWork } from '../clients/work-client.js';
import { BgTasksError, preview } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import { readJson } from '../protocols/json-body.js';
import type { Service } from '../service/service.js';
import type { EventBody } from '../tasks/event.js';
import type { AnyJobTask, JobBody } from '../tasks/job.js';

export interface EnqueuedJob<B = unknown> {
  readonly route: string;
  readonly id: string;
  readonly body: B;
  /** Not before this time. */
  readonly runAt: Date;
}

export interface EmittedEvent<B = unknown> {
  readonly event: string;
  readonly id: string;
  readonly body: B;
}

export interface JobTools {
  /** Jobs enqueued so far, oldest first, with their bodies as the task sees them. */
  enqueued<const R extends AnyJobTask | string>(job: R): readonly EnqueuedJob<JobBody<R>>[];
  /** Events emitted so far, oldest first, with their bodies as listeners see them. */
  emitted<const N extends string>(event: N): readonly EmittedEvent<EventBody<N>>[];
  /** Jobs wait from now on, until `runJobs()` or `reset()`. */
  holdJobs(): void;
  /** Runs what is held, and resolves once all that is due has ended: what those jobs and events led to as well. */
  runJobs(): Promise<void>;
  /** Lets delays of jobs and of retries pass, in milliseconds, and runs what they end in. `Date` stays as it is. */
  advance(ms: number): Promise<void>;
}

export function jobTools(service: Service): { readonly tools: JobTools; forget(): void } {
  const { internals } = service;
  const { jobHold } = internals;
  const sent: SentWork[] = [];
  internals.onSent((work) => {
    if (internals.peek().environment === 'test') sent.push(work);
  });
  const sentAs = (kind: SentWork['kind'], name: string) =>
    sent.filter((each) => each.kind === kind && each.name === name);
  const bodyOf = ({ kind, name, message }: SentWork): unknown => {
    const { protocol = 'json' } = (kind === 'job' && internals.registry.get(name)?.options) || {};
    const { json, maxBodyBytes } = internals.peek();
    const { work } = PROTOCOLS[protocol];
    return work ? work.decodeBody(message, maxBodyBytes, json) : readJson(message.body, maxBodyBytes, json);
  };

  /** Undefined before first use: then there is nothing to wait for. */
  const hub = (): Hub | undefined => {
    if (internals.peek().environment !== 'test') {
      throw new BgTasksError('USAGE', 'Jobs can be held and run by a test in the environment "test" alone.');
    }
    const broker = internals.broker();
    return broker instanceof MemoryBroker ? broker.hub : undefined;
  };

  const idle = async (server: Hub) => {
    do await turn();
    while (!server.isIdle);
  };

  /** Jobs are not held while this runs. */
  const running = async (run: (server: Hub) => Promise<void>) => {
    const server = hub();
    const isHeld = jobHold.isOn;
    jobHold.isOn = false;
    jobHold.release();
    if (server) {
      await run(server);
      await idle(server);
    }
    jobHold.isOn = isHeld;
  };

  const tools: JobTools = {
    enqueued: <const R extends AnyJobTask | string>(job: R) =>
      sentAs('job', typeof job === 'object' ? job.route : job).map((each) => {
        return { route: each.name, id: each.id, body: bodyOf(each) as JobBody<R>, runAt: each.runAt };
      }),
    emitted: <const N extends string>(event: N) =>
      sentAs('event', event).map((each) => ({ event, id: each.id, body: bodyOf(each) as EventBody<N> })),
    holdJobs: () => {
      hub();
      jobHold.isOn = true;
    },
    runJobs: () => running(idle),
    advance: (ms) => {
      if (!(ms >= 0 && ms < Infinity)) {
        throw new BgTasksError('USAGE', `advance() takes milliseconds from 0, not ${preview(ms)}.`);
      }
      return running(async (server) => {
        const until = server.now + ms;
        do await idle(server);
        while (server.moveToNext(until));
        server.go();
      });
    },
  };
  const forget = () => {
    sent.length = 0;
    const broker = internals.broker();
    if (broker instanceof MemoryBroker) broker.hub.purge();
    jobHold.isOn = false;
    jobHold.drop();
  };
  return { tools, forget };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
