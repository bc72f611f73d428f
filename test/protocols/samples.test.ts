import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { IncomingMessage } from '../../lib/broker/broker.js';
import { PROTOCOLS } from '../../lib/protocols/index.js';
import type { Outcome, OutgoingWork, ProtocolName, Request, WorkProtocol } from '../../lib/protocols/protocol.js';
import { BGTASKS, CELERY, GZIP, KLUE, MICRO_FRAMEWORK } from './samples.js';

const MAX = 1_000_000;
const caller = {};

const parsed = ({ body }: IncomingMessage) => JSON.parse(body.toString()) as unknown;
const unzipped = ({ body }: IncomingMessage) => JSON.parse(gunzipSync(body).toString()) as unknown;
const workOf = (name: ProtocolName) => PROTOCOLS[name].work as WorkProtocol;
const info = (id: string) => ({ messageId: id, correlationId: id, replyTo: 'q', deadline: undefined, caller });

function request(body: unknown, route: string): Request {
  return { route, body, caller, correlationId: 'the-id', replyTo: 'the-queue', timeoutMs: 1000 };
}

function job(route: string, body: unknown, more: Partial<OutgoingWork> = {}): OutgoingWork {
  return { route, body, caller, messageId: 'the-id', ...more };
}

for (const name of ['json', 'bgtasks-python'] as const) {
  describe(`recorded messages of bgtasks (Python), by the protocol ${name}`, () => {
    const protocol = PROTOCOLS[name];

    it('are read', () => {
      expect(protocol.decodeBody(BGTASKS.request, MAX)).to.deep.equal(BGTASKS.body);
      expect(protocol.decodeInfo(BGTASKS.request)).to.include(BGTASKS.request.properties);
      expect(protocol.decodeReply(BGTASKS.reply, MAX)).to.deep.equal({ value: BGTASKS.answer });
      expect(workOf(name).decodeBody(BGTASKS.job, MAX)).to.deep.equal(BGTASKS.body);
      expect(workOf(name).decodeInfo(BGTASKS.job)).to.include({ attempt: 1, replyTo: undefined });
    });

    it('are written as they were, but for properties that they ignore', () => {
      const sent = protocol.encodeRequest(request(BGTASKS.body, 'interop.echo'), MAX);
      expect(parsed(sent)).to.deep.equal(BGTASKS.body);
      expect(sent).to.include({ exchange: '', routingKey: 'interop.echo' });
      expect(sent.properties).to.include({ correlationId: 'the-id', replyTo: 'the-queue' });
      expect(parsed(protocol.encodeRequest(request(undefined, 'interop.echo'), MAX))).to.equal(null);
      const reply = protocol.encodeReply(info('the-id'), { value: BGTASKS.answer }, MAX);
      expect(parsed(reply)).to.deep.equal(BGTASKS.answer);
      expect(reply.properties.correlationId).to.equal('the-id');
      expect(parsed(workOf(name).encode(job('x', BGTASKS.body), MAX))).to.deep.equal(BGTASKS.body);
    });
  });
}

describe('recorded messages of Celery', () => {
  const { celery } = PROTOCOLS;
  const jobs = workOf('celery');

  it('are read', () => {
    expect(celery.decodeBody(CELERY.task, MAX)).to.deep.equal({ args: [], kwargs: { a: 1, b: 2 } });
    expect(celery.decodeInfo(CELERY.task)).to.include({ route: 'Calc.add', messageId: CELERY.id });
    expect(jobs.decodeInfo(CELERY.later)).to.include({ attempt: 3, notBefore: Date.UTC(2026, 10, 21, 1, 21, 11, 365) });
    expect(celery.decodeInfo(CELERY.protocol1)).to.include({ route: 'Calc.add', messageId: CELERY.id });
    expect(celery.decodeBody(CELERY.protocol1, MAX)).to.deep.equal({ args: [1], kwargs: { b: 2 } });
    expect(jobs.decodeInfo(CELERY.protocol1).attempt).to.equal(2);
    expect(celery.decodeReply(CELERY.success, MAX)).to.deep.equal({ value: 3 });
    expect(celery.decodeReply(CELERY.failure, MAX)).to.deep.equal({ error: { code: 'ValueError', message: 'boom' } });
    expect(celery.decodeReply(CELERY.revoked, MAX)).to.have.nested.property('error.code', 'TaskRevokedError');
  });

  it('are written as they were', () => {
    const eta = Date.UTC(2026, 10, 21, 1, 21, 11, 365);
    const body = { args: [], kwargs: { a: 1, b: 2 } };
    const sent = jobs.encode(job('Calc.add', body, { notBefore: eta, replyTo: 'results' }), MAX);
    expect(parsed(sent)).to.deep.equal(parsed(CELERY.task));
    const { headers, ...properties } = sent.properties;
    expect(properties).to.include({ contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 2 });
    expect(Object.keys(headers ?? {})).to.include.members(Object.keys(CELERY.task.properties.headers ?? {}));
    // A fraction of three digits would be read as microseconds.
    expect(headers).to.include({ task: 'Calc.add', id: 'the-id', eta: '2026-11-21T01:21:11.365000+00:00' });
    expect(celery.encodeRequest(request(body, 'Calc.add'), MAX)).to.include({ exchange: '', routingKey: 'celery' });
  });

  it('of results are written as they were', () => {
    const write = (outcome: Outcome) => parsed(celery.encodeReply(info(CELERY.id), outcome, MAX));
    expect(write({ value: 3 })).to.deep.equal(parsed(CELERY.success));
    expect(write({ error: { code: 'ValueError', message: 'boom' } })).to.deep.equal({
      ...(parsed(CELERY.failure) as object),
      traceback: null,
    });
    for (const code of ['TaskRevokedError', 'JOB_EXPIRED']) {
      expect(write({ error: { code, message: 'expired' } })).to.deep.equal(parsed(CELERY.revoked));
    }
    const unknown = celery.unknownTask?.('Calc.nosuch');
    expect(unknown && write({ error: unknown })).to.deep.equal(parsed(CELERY.unknown));
    expect(write({ value: undefined })).to.have.property('result', null);
  });
});

describe('recorded messages of klue', () => {
  const klue = workOf('klue');

  it('lose their first three arguments, which are the caller', () => {
    expect(klue.decodeBody(KLUE.task, MAX)).to.deep.equal({
      args: ['a@b.c', [{ name: 'Tom', __pymacaron_model_name: 'User' }]],
      kwargs: { subject: 'hi' },
    });
    expect(klue.decodeInfo(KLUE.task).caller).to.deep.equal({
      url: 'http://svc.example/v1/user?x=1',
      token: 'tok-123',
    });
    expect(klue.decodeBody(KLUE.foreign, MAX)).to.deep.equal({ args: ['kept'], kwargs: {} });
    expect(klue.decodeInfo(KLUE.foreign).caller).to.deep.equal({});
    expect(klue.decodeBody(KLUE.short, MAX)).to.deep.equal({ args: [], kwargs: {} });
  });

  it('are written as they were', () => {
    const body = klue.decodeBody(KLUE.task, MAX);
    const { caller: theirs } = klue.decodeInfo(KLUE.task);
    const sent = klue.encode(job('svc.tasks.mail', body, { caller: theirs }), MAX);
    expect(parsed(sent)).to.deep.equal(parsed(KLUE.task));
    expect(klue.decodeInfo(sent).caller).to.deep.equal(theirs);
    const [args] = parsed(klue.encode(job('svc.tasks.mail', { args: [1] }), MAX)) as [unknown];
    expect(args).to.deep.equal(['PYMACARON_ALSO_WHIPS_THE_LLAMA_S', '', null, 1]);
  });
});

describe('recorded messages of amqp_worker', () => {
  const protocol = PROTOCOLS['gzip-json'];

  it('are read', () => {
    const body = (message: IncomingMessage) => protocol.decodeBody(message, MAX);
    expect(body(GZIP.request)).to.equal('a message');
    expect(body(GZIP.aioRequest)).to.deep.equal({ n: 1 });
    expect(body(GZIP.bare)).to.equal('a test message');
    expect(body(GZIP.plain)).to.equal(5);
    expect(body(GZIP.several)).to.deep.equal({ data: 1, extra: 2 });
    expect(protocol.decodeReply(GZIP.success, MAX)).to.deep.equal({ value: 'a message' });
    expect(protocol.decodeReply(GZIP.failure, MAX)).to.deep.equal({
      error: { code: 'ValueError', message: "ValueError('boom', 42)" },
    });
    expect(protocol.decodeReply(GZIP.expired, MAX)).to.have.nested.property('error.code', 'EXPIRED');
  });

  it('are written as they were', () => {
    const sent = protocol.encodeRequest(request('a message', 'a-route'), MAX);
    expect(sent.body.subarray(0, 3).toString('hex')).to.equal('1f8b08');
    expect(unzipped(sent)).to.deep.equal({ data: 'a message' });
    expect(sent.properties).to.include({ contentType: 'application/octet-stream', type: 'call' });
    const reply = protocol.encodeReply(info('the-id'), { value: 'a message' }, MAX);
    expect(unzipped(reply)).to.deep.equal(unzipped(GZIP.success));
    expect(reply.properties).to.include({ contentType: 'application/octet-stream', type: 'result' });
    const failure = protocol.encodeReply(info('the-id'), { error: { code: 'ValueError', message: 'boom' } }, MAX);
    expect(unzipped(failure)).to.have.property('error').with.keys(['type', 'message', 'args', 'trace']);
    expect(failure.properties.type).to.equal('result');
  });
});

describe('recorded messages of micro_framework', () => {
  const protocol = PROTOCOLS['micro-framework'];

  it('are read', () => {
    expect(protocol.decodeBody(MICRO_FRAMEWORK.request, MAX)).to.deep.equal({ args: [1, 2], kwargs: { scale: 10 } });
    expect(protocol.decodeBody(MICRO_FRAMEWORK.twice, MAX)).to.deep.equal({ args: [1, 2], kwargs: {} });
    expect(protocol.decodeBody(MICRO_FRAMEWORK.bare, MAX)).to.deep.equal({ args: [], kwargs: {} });
    expect(protocol.decodeReply(MICRO_FRAMEWORK.answer, MAX)).to.deep.equal({ value: 30 });
    expect(protocol.decodeReply(MICRO_FRAMEWORK.failure, MAX)).to.deep.equal({
      error: { code: 'ValueError', message: "('boom', 7)" },
    });
    expect(workOf('micro-framework').decodeBody(MICRO_FRAMEWORK.event, MAX)).to.deep.equal({ id: 1 });
  });

  it('are written as they were: an answer twice', () => {
    const sent = protocol.encodeRequest(request({ args: [1, 2], kwargs: { scale: 10 } }, 'calc.rpc_add'), MAX);
    expect(parsed(sent)).to.deep.equal(parsed(MICRO_FRAMEWORK.request));
    expect(sent).to.include({ exchange: 'ufw-rpc', routingKey: 'calc.rpc_add' });
    const reply = protocol.encodeReply(info('the-id'), { value: 30 }, MAX);
    expect(JSON.parse(parsed(reply) as string)).to.deep.equal({ data: 30, exception: null });
    expect(reply.properties).to.include({ contentType: 'application/json', contentEncoding: 'utf-8' });
    const { properties } = workOf('micro-framework').encode(job('created', { id: 1 }), MAX);
    expect(properties).to.include({ contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 2 });
  });
});
