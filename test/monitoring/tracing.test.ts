import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { currentCaller, runAs, Service, type ServiceOptions, silentLogger } from 'bgtasks';
import { RemoteField, Serializer } from 'bgtasks/serializers';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { BROKERS, unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';

const exporter = new InMemorySpanExporter();

const spanOf = (name: string): ReadableSpan => {
  const found = exporter.getFinishedSpans().find((span) => span.name === name);
  if (!found) throw new Error(`No span "${name}" in ${exporter.getFinishedSpans().map((span) => span.name)}.`);
  return found;
};
const idOf = (span: ReadableSpan) => span.spanContext().spanId;
const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;
const ended = (name: string) => until(() => exporter.getFinishedSpans().some((span) => span.name === name));

/** Two services, as two processes have them. */
const traced = (options: ServiceOptions) => autoClose(new Service({ logger: silentLogger, tracing: true, ...options }));

describe('tracing', () => {
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  });
  after(() => {
    trace.disable();
    context.disable();
  });
  beforeEach(() => exporter.reset());

  for (const broker of BROKERS) {
    describe(`on ${broker.name}`, () => {
      let api: Service;
      let worker: Service;
      beforeEach(() => {
        const url = broker.url();
        api = traced({ url, serviceName: 'api' });
        worker = traced({ url, serviceName: 'worker' });
      });

      it('has a handler below the call, and what the handler calls below the handler', async () => {
        const [outer, inner] = [unique('outer'), unique('inner')];
        worker.rpcTask(inner)(() => 1);
        worker.rpcTask(outer)(() => worker.call(inner));
        await worker.start();
        await trace.getTracer('test').startActiveSpan('request', async (span) => {
          await api.call(outer);
          span.end();
        });
        await ended(`send ${outer}`);
        const spans = [
          spanOf('request'),
          spanOf(`send ${outer}`),
          spanOf(`process ${outer}`),
          spanOf(`send ${inner}`),
          spanOf(`process ${inner}`),
        ];
        expect(new Set(spans.map((span) => span.spanContext().traceId)).size).to.equal(1);
        expect(spans.slice(1).map(parentOf)).to.deep.equal(spans.slice(0, -1).map(idOf));
      });

      it('has a job and an event below what published them', async () => {
        const [job, event] = [unique('job'), unique('event')];
        worker.jobTask(job)(() => 1);
        worker.onEvent('api', event)(() => 1);
        await worker.start();
        await api.enqueue(job, {});
        await api.emit(event, {});
        await ended(`process ${job}`);
        await ended(`process api.${event}`);
        expect(parentOf(spanOf(`process ${job}`))).to.equal(idOf(spanOf(`send ${job}`)));
        expect(parentOf(spanOf(`process api.${event}`))).to.equal(idOf(spanOf(`send ${event}`)));
        expect(spanOf(`send ${event}`).attributes).to.include({
          'messaging.destination.name': `api.events:${event}`,
          'messaging.rabbitmq.destination.routing_key': event,
          'bgtasks.kind': 'event',
        });
      });

      it('records what a handler throws, on both sides', async () => {
        const route = unique('throws');
        worker.rpcTask(route)(() => {
          throw Object.assign(new Error('out of order'), { code: 'BROKEN' });
        });
        await worker.start();
        await rejection(api.call(route));
        const [process, send] = [spanOf(`process ${route}`), spanOf(`send ${route}`)];
        expect(process.status).to.deep.equal({ code: SpanStatusCode.ERROR, message: 'out of order' });
        expect(process.attributes['error.type']).to.equal('BROKEN');
        expect(process.events.map(({ name }) => name)).to.deep.equal(['exception']);
        expect([send.status.code, send.attributes['error.type']]).to.deep.equal([SpanStatusCode.ERROR, 'REMOTE_ERROR']);
      });

      it('has the requests of remote fields, with their keys, above their calls', async () => {
        const route = unique('images');
        worker.rpcTask(route)((ids) => (ids as number[]).map((id) => ({ id })));
        await worker.start();
        class Row extends Serializer({ image: new RemoteField({ route }) }, { service: api }) {}
        await Row.many([{ image: 1 }, { image: 2 }]).data;
        const batch = spanOf(`remote ${route}`);
        expect(batch.attributes).to.include({ 'bgtasks.route': route, 'bgtasks.remote.keys': 2 });
        expect(parentOf(spanOf(`send ${route}`))).to.equal(idOf(batch));
      });

      it('goes on from the caller where no span is active, with its state', async () => {
        const route = unique('caller');
        worker.rpcTask(route)(() => currentCaller());
        await worker.start();
        const traceId = '0af7651916cd43dd8448eb211c80319c';
        const caller = { url: '/a', traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'rojo=1' };
        const seen = await runAs(caller, () => api.call(route));
        const send = spanOf(`send ${route}`);
        expect([send.spanContext().traceId, parentOf(send)]).to.deep.equal([traceId, 'b7ad6b7169203331']);
        expect(seen).to.deep.equal({ url: '/a', traceparent: `00-${traceId}-${idOf(send)}-01`, tracestate: 'rojo=1' });
      });
    });
  }

  it('has the attributes of messaging', async () => {
    const route = unique('attributes');
    const service = traced({ url: rabbitUrl() });
    service.rpcTask(route)(() => 1);
    await service.start();
    await service.call(route, 'body');
    const { hostname, port } = new URL(rabbitUrl());
    const both = {
      'messaging.system': 'rabbitmq',
      'messaging.destination.name': route,
      'messaging.rabbitmq.destination.routing_key': route,
      'server.address': hostname,
      'server.port': Number(port),
      'bgtasks.route': route,
      'bgtasks.kind': 'rpc',
    };
    const [send, process] = [spanOf(`send ${route}`), spanOf(`process ${route}`)];
    expect(send.kind).to.equal(SpanKind.PRODUCER);
    expect(send.attributes).to.deep.equal({
      ...both,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    });
    expect(process.kind).to.equal(SpanKind.CONSUMER);
    const {
      'messaging.message.conversation_id': conversation,
      'messaging.message.id': id,
      ...rest
    } = process.attributes;
    expect([typeof conversation, typeof id]).to.deep.equal(['string', 'string']);
    expect(rest).to.deep.equal({
      ...both,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.message.body.size': 6,
      'bgtasks.attempt': 1,
    });
    expect(JSON.stringify([send.attributes, process.attributes])).to.not.contain('guest');
  });

  it('ignores a trace context that is none', async () => {
    const route = unique('hostile');
    const service = traced({ url: `memory://${unique('hostile')}` });
    service.rpcTask(route)(() => 1);
    await service.start();
    for (const traceparent of ['x', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`, `00-${'a'.repeat(32)}-b-01`]) {
      await runAs({ traceparent }, () => service.call(route));
    }
    const sent = exporter.getFinishedSpans().filter(({ name }) => name === `send ${route}`);
    expect(sent.map(parentOf)).to.deep.equal([undefined, undefined, undefined]);
  });

  it('does not carry the state of one trace into another', async () => {
    const route = unique('state');
    const service = traced({ url: `memory://${unique('state')}` });
    service.rpcTask(route)(() => currentCaller());
    await service.start();
    const caller = { url: '/a', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'a=1' };
    const seen = await trace.getTracer('test').startActiveSpan('request', async (span) => {
      const answer = await runAs(caller, () => service.call(route));
      span.end();
      return answer as object;
    });
    expect(seen).to.include({ url: '/a' }).and.to.not.have.property('tracestate');
  });

  it('leaves the trace context of a caller alone where it is off', async () => {
    const route = unique('off');
    const service = traced({ url: `memory://${unique('off')}`, tracing: false });
    service.rpcTask(route)(() => currentCaller());
    await service.start();
    const caller = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'a=1' };
    expect(await runAs(caller, () => service.call(route))).to.deep.equal(caller);
    expect(exporter.getFinishedSpans()).to.deep.equal([]);
  });
});
