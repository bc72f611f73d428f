/** What holds for calls, whatever the broker. */

import {
  BadReplyError,
  BgTasksError,
  CallAbortedError,
  currentCaller,
  type Logger,
  NoRouteError,
  RemoteError,
  RpcTimeoutError,
  runAs,
  Service,
  type ServiceOptions,
  ServiceStoppingError,
  unwrap,
} from 'bgtasks';
import { expect } from 'chai';
import { MemoryBroker } from '../../lib/broker/memory/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { explainedTimeout } from '../support/timed-out.js';
import { pause, until } from '../support/until.js';

export function rpcContract(address: () => string): void {
  let url: string;
  let images: Service;
  let api: Service;
  const errors: { facts: object; message: string | undefined }[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (facts, message) => void errors.push({ facts, message }),
  };

  const service = (options: ServiceOptions = {}) => autoClose(new Service({ url, logger, ...options }));

  beforeEach(() => {
    url = address();
    errors.length = 0;
    images = service();
    api = service();
  });

  describe('answers', () => {
    it('brings the body to the handler and the answer back', async () => {
      const route = unique('user.get');
      images.rpcTask(route)((body) => ({ username: 'Tom', got: body }));
      await images.start();
      expect(await api.call(route, ['param1', { param3: 'x' }])).to.deep.equal({
        username: 'Tom',
        got: ['param1', { param3: 'x' }],
      });
    });

    it('gives a list body to the handler as one argument, beside the context', async () => {
      const route = unique('list');
      images.rpcTask(route)((body, context) => [body, context.route, context.attempt, context.redelivered]);
      await images.start();
      expect(await api.call(route, [1, 2])).to.deep.equal([[1, 2], route, 1, false]);
    });

    for (const value of [null, 0, '', false, [], {}, 'héllo 世 😀', [null, { a: [1.5, -1] }]]) {
      it(`carries ${JSON.stringify(value)} both ways`, async () => {
        const route = unique('echo');
        images.rpcTask(route)((body) => body);
        await images.start();
        expect(await api.call(route, value)).to.deep.equal(value);
      });
    }

    it('sends no body as null, and no answer as null', async () => {
      const route = unique('nothing');
      let got: unknown = 'nothing came';
      images.rpcTask(route)((body) => {
        got = body;
      });
      await images.start();
      expect(await api.call(route)).to.equal(null);
      expect(got).to.equal(null);
    });

    it('keeps answers with their calls, however they overtake each other', async () => {
      const route = unique('slow');
      images.rpcTask(route)(async (body: number) => {
        await pause((body * 7) % 20);
        return body;
      });
      await images.start();
      const bodies = Array.from({ length: 300 }, (_, index) => index);
      expect(await Promise.all(bodies.map((body) => api.call(route, body)))).to.deep.equal(bodies);
      expect(api.health().pendingCalls).to.equal(0);
    });

    it('returns a fail as an answer, which unwrap throws', async () => {
      const route = unique('fails');
      images.rpcTask(route)(() => ({ status: 'fail', data: { ids: ['No.'] } }));
      await images.start();
      const answer = await api.call(route);
      expect(answer).to.deep.equal({ status: 'fail', data: { ids: ['No.'] } });
      expect(() => unwrap(answer))
        .to.throw()
        .with.nested.property('data.ids[0]', 'No.');
    });

    it('waits for a service that restarts', async () => {
      const route = unique('restarted');
      images.rpcTask(route)(() => 'back');
      await images.start();
      await api.call(route);
      await images.close();
      const answer = api.call(route);
      await images.start();
      expect(await answer).to.equal('back');
    });

    it('serves a task that is registered after start', async () => {
      const route = unique('later');
      images.rpcTask(unique('first'))(() => 1);
      await images.start();
      images.rpcTask(route)(() => 2);
      await images.start();
      expect(await api.call(route)).to.equal(2);
    });
  });

  describe('failures', () => {
    it('gives the caller the code and message of what a handler throws, and keeps the stack in the log', async () => {
      const route = unique('throws');
      images.rpcTask(route)(() => {
        throw Object.assign(new Error('no such row'), { code: 'ROW_MISSING' });
      });
      await images.start();
      const error = await rejection(api.call(route, 1));
      expect(error).to.be.instanceOf(RemoteError);
      expect((error as RemoteError).remote).to.deep.equal({ code: 'ROW_MISSING', message: 'no such row' });
      expect(JSON.stringify(error)).to.not.contain('.ts:');
      expect(errors[0]?.message).to.equal('task failed');
      expect(errors[0]?.facts).to.have.nested.property('err.stack').that.contains('rpc.');
    });

    for (const [what, thrown, message] of [
      ['an error without a code', new Error('plain'), 'plain'],
      ['a text', 'just text', '"just text"'],
      ['undefined', undefined, 'undefined'],
    ] as const) {
      it(`gives ${what} that a handler throws the code HANDLER_FAILED`, async () => {
        const route = unique('throws');
        images.rpcTask(route)(async () => {
          throw thrown;
        });
        await images.start();
        const error = (await rejection(api.call(route))) as RemoteError;
        expect(error.remote).to.deep.equal({ code: 'HANDLER_FAILED', message });
      });
    }

    it('refuses a "__proto__" key on the side that writes it', async () => {
      const route = unique('proto');
      const answer = JSON.parse('{"a":{"__proto__":1}}') as unknown;
      images.rpcTask(route)(() => answer);
      await images.start();
      expect(await rejection(api.call(route, answer))).to.have.property('code', 'BAD_BODY');
      expect(await rejection(api.call(route))).to.have.nested.property('remote.code', 'BAD_BODY');
    });

    for (const [what, thrown] of [
      ['whose message cannot be read', Object.defineProperty(new Error(), 'message', { get: () => JSON.parse('{') })],
      ['whose code cannot be read', Object.defineProperty(new Error(), 'code', { get: () => JSON.parse('{') })],
      ['that is a revoked proxy', revoked()],
    ] as const) {
      it(`answers for an error ${what}`, async () => {
        const route = unique('odd');
        images.rpcTask(route)(() => {
          throw thrown;
        });
        await images.start();
        const error = (await rejection(api.call(route, 1, { timeoutMs: 2000 }))) as RemoteError;
        expect(error.remote).to.deep.equal({
          code: 'HANDLER_FAILED',
          message: 'What the handler threw cannot be read.',
        });
      });
    }

    for (const [what, value] of [
      ['a bigint', 1n],
      ['a circle', circle()],
    ] as const) {
      it(`tells the caller that an answer with ${what} cannot be written`, async () => {
        const route = unique('unwritable');
        images.rpcTask(route)(() => value as unknown);
        await images.start();
        const error = (await rejection(api.call(route))) as RemoteError;
        expect(error.remote.code).to.equal('BAD_BODY');
        expect(await rejection(api.call(route))).to.be.instanceOf(RemoteError);
      });
    }

    it('fails at once for a route that nobody ever served', async () => {
      const route = unique('nobody');
      const error = await rejection(api.call(route, 1, { timeoutMs: 5000 }));
      expect(error).to.be.instanceOf(NoRouteError);
      expect((error as NoRouteError).message).to.contain(route);
    });

    it('fails after the timeout, naming the route and the time', async () => {
      const route = unique('hangs');
      images = service({ drainMs: 0 });
      images.rpcTask(route)(() => new Promise(() => {}));
      await images.start();
      const { message } = await explainedTimeout(() => api.call(route, 1, { timeoutMs: 50 }));
      const state = 'Its queue has 1 consumer, and 0 messages wait.';
      expect(message).to.equal(`No reply from "${route}" within 50 ms. ${state}`);
    });

    it('drops a reply that comes after the timeout', async () => {
      const route = unique('late');
      images.rpcTask(route)(async () => {
        await pause(60);
        return 'late';
      });
      await images.start();
      expect(await rejection(api.call(route, 1, { timeoutMs: 30 }))).to.be.instanceOf(RpcTimeoutError);
      expect(await api.call(route, 1)).to.equal('late');
    });

    it('ends the wait when the signal of the caller is aborted', async () => {
      const route = unique('aborted');
      images.rpcTask(route)(() => pause(100));
      await images.start();
      const abort = new AbortController();
      const answer = rejection(api.call(route, 1, { signal: abort.signal }));
      abort.abort(new Error('the user went away'));
      const error = (await answer) as CallAbortedError;
      expect(error).to.be.instanceOf(CallAbortedError);
      expect((error.cause as Error).message).to.equal('the user went away');
      expect(await rejection(api.call(route, 1, { signal: abort.signal }))).to.be.instanceOf(CallAbortedError);
    });

    it('fails calls that wait when their service is closed, and those made after it', async () => {
      const route = unique('closing');
      images.rpcTask(route)(() => pause(50));
      await images.start();
      const waiting = rejection(api.call(route));
      await pause(20);
      await api.close();
      expect(await waiting).to.be.instanceOf(ServiceStoppingError);
      expect(await rejection(api.call(route))).to.be.instanceOf(ServiceStoppingError);
    });

    it('refuses a body that cannot be written, before anything is sent', async () => {
      for (const body of [1n, circle()]) {
        expect(await rejection(api.call(unique('x'), body))).to.have.property('code', 'BAD_BODY');
      }
      expect(api.health().pendingCalls).to.equal(0);
    });

    it('refuses a body over the limit, naming both sizes', async () => {
      const small = service({ maxBodyBytes: 10 });
      const error = (await rejection(small.call(unique('x'), 'x'.repeat(20)))) as Error;
      expect(error).to.have.property('code', 'BODY_TOO_LARGE');
      expect(error.message).to.contain('22 bytes').and.to.contain('at most 10');
    });
  });

  describe('hostile messages', () => {
    /** Sends raw bytes to the queue of an echo task, as any other program could. */
    const sendRaw = async (body: Buffer | string): Promise<string> => {
      const route = unique('echo');
      images.rpcTask(route)((value) => value);
      await images.start();
      const broker = autoClose(await openBroker(url, silentLogger));
      const reply = await new Promise<string>((resolve, reject) => {
        const listener = { onReply: (message: { body: Buffer }) => resolve(message.body.toString()) };
        broker
          .openCalls({ ...listener, onReturn: reject, onLost: reject })
          .then((channel) => {
            const properties = { correlationId: '1', replyTo: channel.replyTo };
            channel.send({ exchange: '', routingKey: route, body: Buffer.from(body), properties });
          })
          .catch(reject);
      });
      expect(await api.call(route, 'next')).to.equal('next'); // the worker lives
      return reply;
    };

    for (const [what, body, part] of [
      ['text that is not JSON', '{"a":', 'not JSON'],
      ['nothing', '', 'empty'],
      ['blanks', ' \n ', 'empty'],
      ['gzip', Buffer.from('1f8b0800000000000003', 'hex'), 'not JSON'],
      ['a text in another encoding', Buffer.from('"Käse"', 'latin1'), 'not UTF-8'],
      ['a __proto__ key', '{"a":[{"__proto__":{"admin":true}}]}', '__proto__'],
      ['a __proto__ key in escapes', '{"\\u005f_proto__":1}', '__proto__'],
    ] as const) {
      it(`answers ${what} with an error that says so, and serves the next call`, async () => {
        const reply = JSON.parse(await sendRaw(body as Buffer | string));
        expect(reply).to.have.property('status', 'fail');
        expect(reply.data.code).to.equal('BAD_BODY');
        expect(reply.data.detail).to.contain(part);
      });
    }

    it('takes "__proto__" as a text, as it does no harm there', async () => {
      expect(await sendRaw('["__proto__"]')).to.equal('["__proto__"]');
    });

    it('reads a byte order mark', async () => {
      expect(await sendRaw('\ufeff{"a":1}')).to.equal('{"a":1}');
    });

    it('lives through a million brackets', async () => {
      const reply = JSON.parse(await sendRaw(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`));
      expect(reply.data.code).to.equal('BAD_BODY');
    });

    it('refuses a body over its limit', async () => {
      images = service({ maxBodyBytes: 1000 });
      const reply = JSON.parse(await sendRaw(`"${'x'.repeat(2000)}"`));
      expect(reply.data.code).to.equal('BODY_TOO_LARGE');
    });

    it('settles a message without a reply address', async () => {
      const route = unique('silent');
      let count = 0;
      images.rpcTask(route)(() => {
        count += 1;
      });
      await images.start();
      const broker = autoClose(await openBroker(url, silentLogger));
      const nothing = () => {};
      const channel = await broker.openCalls({ onReply: nothing, onReturn: nothing, onLost: nothing });
      channel.send({ exchange: '', routingKey: route, body: Buffer.from('1'), properties: {} });
      await api.call(route);
      expect(count).to.equal(2);
      await images.close();
      if (broker instanceof MemoryBroker) expect(broker.unsettled.size).to.equal(0);
    });

    it('fails a call whose answer is not JSON', async () => {
      const route = unique('garbage');
      const broker = autoClose(await openBroker(url, silentLogger));
      await broker.consume({
        queue: route,
        declarations: [{ queue: { name: route, durable: true, arguments: { 'x-expires': 60_000 } } }],
        prefetch: 1,
        onDelivery: (delivery) => {
          const { replyTo = '', correlationId } = delivery.properties;
          delivery.reply(replyTo, { body: Buffer.from('<html>'), properties: { correlationId } });
          delivery.ack();
        },
      });
      const error = await rejection(api.call(route));
      expect(error).to.be.instanceOf(BadReplyError);
      expect((error as Error).message)
        .to.contain(route)
        .and.to.contain('not JSON');
    });
  });

  describe('what travels', () => {
    it('brings the caller of the request to the handler and to the tasks that it calls', async () => {
      const inner = unique('inner');
      const outer = unique('outer');
      images.rpcTask(inner)(() => currentCaller());
      const middle = service();
      middle.rpcTask(outer)(async (_body, { caller }) => [caller, await middle.call(inner)]);
      await Promise.all([images.start(), middle.start()]);
      const caller = { url: '/orders/7', userId: 5 };
      expect(await runAs(caller, () => api.call(outer))).to.deep.equal([caller, caller]);
      expect(await api.call(inner)).to.deep.equal({});
    });

    it('carries no more than a part of a long URL, which any client can make', async () => {
      const route = unique('long');
      images.rpcTask(route)((_body, { caller }) => caller.url?.length);
      await images.start();
      expect(await runAs({ url: `/${'x'.repeat(20_000)}` }, () => api.call(route))).to.equal(2000);
    });

    it('refuses a caller that is too large, naming it', async () => {
      const caller = { traceparent: 'x'.repeat(10_000) };
      const error = (await rejection(runAs(caller, () => api.call(unique('x'))))) as Error;
      expect(error.message).to.contain('The caller cannot travel').and.to.contain('8192 bytes');
    });

    it('gives nested calls no more than the time that is left', async () => {
      const inner = unique('inner');
      const outer = unique('outer');
      images.rpcTask(inner)((_body, { deadline }) => deadline?.getTime());
      images.rpcTask(outer)(async (_body, { deadline }) => [deadline?.getTime(), await images.call(inner)]);
      await images.start();
      const before = Date.now();
      const [outerAt, innerAt] = (await api.call(outer, 1, { timeoutMs: 2000 })) as [number, number];
      expect(outerAt).to.be.within(before + 1900, Date.now() + 2000);
      expect(innerAt).to.be.at.most(outerAt + 1);
    });

    it('is a date in a handler, however far away a message says that it is', async () => {
      const route = unique('patient');
      const seen: (number | undefined)[] = [];
      images.rpcTask(route)((_body, { deadline }) => void seen.push(deadline?.getTime()));
      await images.start();
      const broker = autoClose(await openBroker(url, silentLogger));
      const properties = { correlationId: 'x', headers: { 'bgtasks-deadline': 1e300 } };
      await broker.publish({ exchange: '', routingKey: route, body: Buffer.from('1'), properties });
      await until(() => seen.length === 1);
      expect(seen[0]).to.be.above(Date.now());
    });

    it('aborts the signal of a handler at the deadline', async () => {
      const route = unique('signal');
      images = service({ drainMs: 0 });
      const aborted = new Promise((resolve) => {
        images.rpcTask(route)((_body, { signal }) => {
          signal.addEventListener('abort', () => resolve(signal.reason));
          return new Promise(() => {});
        });
      });
      await images.start();
      await api.start();
      expect(await rejection(api.call(route, 1, { timeoutMs: 500 }))).to.be.instanceOf(RpcTimeoutError);
      expect(await aborted).to.be.instanceOf(RpcTimeoutError);
    });

    it('does not start work that nobody waits for any more', async () => {
      const route = unique('expired');
      const ran: unknown[] = [];
      const busy = service({ concurrency: 1 });
      busy.rpcTask(route)(async (body) => {
        ran.push(body);
        await pause(1500);
      });
      await busy.start();
      const first = api.call(route, 'first');
      const second = rejection(api.call(route, 'second', { timeoutMs: 100 }));
      expect(await second).to.be.instanceOf(RpcTimeoutError);
      await first;
      await busy.close();
      expect(ran).to.deep.equal(['first']);
    });
  });

  describe('the worker', () => {
    it('runs no more handlers at once than its concurrency', async () => {
      const busy = service({ concurrency: 3 });
      const routes = [unique('a'), unique('b')];
      let running = 0;
      let most = 0;
      for (const route of routes) {
        busy.rpcTask(route)(async () => {
          running += 1;
          most = Math.max(most, running);
          await pause(10);
          running -= 1;
        });
      }
      await busy.start();
      await Promise.all(Array.from({ length: 20 }, (_, index) => api.call(routes[index % 2] as string)));
      expect(most).to.equal(3);
    });

    it('runs no more handlers of a task at once than the task allows', async () => {
      const route = unique('one');
      let running = 0;
      let most = 0;
      images.rpcTask(route, { concurrency: 1 })(async () => {
        running += 1;
        most = Math.max(most, running);
        await pause(5);
        running -= 1;
      });
      await images.start();
      await Promise.all(Array.from({ length: 5 }, () => api.call(route)));
      expect(most).to.equal(1);
    });

    it('ends a handler that takes longer than its timeoutMs, and says so', async () => {
      const route = unique('slow');
      images.rpcTask(route, { timeoutMs: 30 })(
        (_body, { signal }) => new Promise((resolve) => (signal.onabort = resolve)),
      );
      await images.start();
      const error = (await rejection(api.call(route))) as RemoteError;
      expect(error.remote.code).to.equal('TASK_TIMEOUT');
    });

    it('runs middleware around the handler, that of the service outside', async () => {
      const route = unique('wrapped');
      const trail: string[] = [];
      const note =
        (name: string) => async (body: unknown, _context: unknown, next: (body: unknown) => Promise<unknown>) => {
          trail.push(`${name} in`);
          const answer = await next(`${body}${name}`);
          trail.push(`${name} out`);
          return answer;
        };
      const wrapped = service({ middleware: [note('1'), note('2')] });
      wrapped.rpcTask(route, { middleware: [note('3')] })((body) => body);
      await wrapped.start();
      expect(await api.call(route, '0')).to.equal('0123');
      expect(trail).to.deep.equal(['1 in', '2 in', '3 in', '3 out', '2 out', '1 out']);
    });

    it('lets what runs call others while it closes, and nobody else', async () => {
      const [outer, inner] = [unique('outer'), unique('inner')];
      const helper = service();
      helper.rpcTask(inner)(() => 'inner');
      images.rpcTask(outer)(async () => {
        await pause(60);
        return images.call(inner);
      });
      await Promise.all([helper.start(), images.start()]);
      const answer = api.call(outer);
      await until(() => images.health().inFlight === 1);
      const closed = images.close();
      expect(await rejection(images.call(inner))).to.be.instanceOf(ServiceStoppingError);
      expect(await answer).to.equal('inner');
      await closed;
    });

    it('closes once, however often it is told to, and starts again only then', async () => {
      const route = unique('closing');
      images = service({ drainMs: 5000 });
      images.rpcTask(route)(async () => {
        await pause(60);
        return 'finished';
      });
      await images.start();
      const answer = api.call(route);
      await until(() => images.health().inFlight === 1);
      const startedAt = performance.now();
      await Promise.all([images.close(), images.close(), images.start()]);
      expect(performance.now() - startedAt).to.be.below(4000); // drainMs would be waited for in full
      expect(await answer).to.equal('finished');
      expect(images.health().consuming).to.equal(true);
      expect(await api.call(route)).to.equal('finished');
    });

    it('is what it was told last, started or closed, however soon that came', async () => {
      images.rpcTask(unique('hasty'))(() => 1);
      const isStarted = (start: Promise<void>) =>
        start.then(
          () => true,
          (error) => expect(error).to.be.instanceOf(BgTasksError) && false,
        );
      const atOnce = isStarted(images.start());
      await images.close();
      expect(await atOnce).to.equal(false);
      expect(images.health()).to.include({ connected: false, consuming: false });

      const doomed = isStarted(images.start());
      const between = images.close();
      expect(await isStarted(images.start())).to.equal(true);
      expect(await doomed).to.equal(false);
      await between;
      expect(images.health().consuming).to.equal(true);

      const first = images.close();
      const restart = isStarted(images.start());
      await Promise.all([first, images.close()]);
      expect(await restart).to.equal(false);
      expect(images.health()).to.include({ connected: false, consuming: false });
    });

    it('finishes what runs before it closes', async () => {
      const route = unique('finishing');
      images.rpcTask(route)(async () => {
        await pause(60);
        return 'finished';
      });
      await images.start();
      const answer = api.call(route);
      await until(() => images.health().inFlight === 1);
      await images.close();
      expect(await answer).to.equal('finished');
    });
  });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function circle(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}
