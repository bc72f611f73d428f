/**
 * Spans of a service through `@opentelemetry/api`, an optional peer that only this file imports. Where no SDK is set up,
 * the API does nothing.
 *
 * Shape:  `send <route>` (producer) around a call or a publish, `process <route>` (consumer) around a handler, below the
 *         span whose message it handles; `remote <route>` around a request of remote fields. Names and attributes are those
 *         of OpenTelemetry's conventions for messaging.
 * Wire:   W3C trace context, in the members `traceparent` and `tracestate` of the caller; read and written here, so that it
 *         does not depend on which propagator an application has chosen.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/, https://www.w3.org/TR/trace-context/
 */
import {
  type Attributes,
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Caller } from '../caller.js';
import { statusOf } from '../envelope.js';
import { messageOf } from '../errors.js';
import type {
  Activity,
  BatchFacts,
  CallFacts,
  Ended,
  HandleFacts,
  Observer,
  PublishFacts,
} from '../monitoring/observer.js';
import { isTraceparent } from '../monitoring/trace-context.js';

/** `url`: of the broker. Of several addresses the first stands for all. */
export function openTelemetry(url: string): Observer {
  return new Tracing(brokerOf(new URL(url)));
}

/** Without user and password. */
function brokerOf({ protocol, hostname, port }: URL): Attributes {
  if (protocol === 'memory:') return { 'messaging.system': 'bgtasks.memory' };
  const usual = protocol === 'amqps:' ? 5671 : 5672;
  return { 'messaging.system': 'rabbitmq', 'server.address': hostname, 'server.port': Number(port) || usual };
}

interface Begin {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly caller: Caller;
  /** A message that is handled belongs to whoever sent it, whatever span happens to be active. */
  readonly isRemote?: boolean;
}

class Tracing implements Observer {
  readonly #tracer: Tracer = trace.getTracer('bgtasks');
  readonly #broker: Attributes;

  constructor(broker: Attributes) {
    this.#broker = broker;
  }

  call({ route, caller }: CallFacts): Activity {
    const sent = { ...this.#broker, ...operation('send', 'send'), ...destination('', route) };
    const attributes = { ...sent, 'bgtasks.route': route, 'bgtasks.kind': 'rpc' };
    return this.#begin({ name: `send ${route}`, kind: SpanKind.PRODUCER, attributes, caller });
  }

  publish({ kind, route, exchange, routingKey, messageId, caller }: PublishFacts): Activity {
    const attributes = {
      ...this.#broker,
      ...operation('send', 'send'),
      ...destination(exchange, routingKey),
      'messaging.message.id': messageId,
      'bgtasks.route': route,
      'bgtasks.kind': kind,
    };
    return this.#begin({ name: `send ${route}`, kind: SpanKind.PRODUCER, attributes, caller });
  }

  handle(facts: HandleFacts): Activity {
    const { kind, route, messageId, correlationId, attempt, source, caller } = facts;
    const own = { 'bgtasks.route': route, 'bgtasks.kind': kind, 'bgtasks.attempt': attempt };
    const begin = { name: `process ${route}`, caller, isRemote: true };
    if (!source) return this.#begin({ ...begin, kind: SpanKind.SERVER, attributes: own });
    const attributes = {
      ...this.#broker,
      ...operation('process', 'process'),
      ...destination(source.exchange, source.routingKey, source.queue),
      'messaging.message.id': messageId,
      ...(correlationId !== undefined && { 'messaging.message.conversation_id': correlationId }),
      'messaging.message.body.size': source.bytes,
      ...own,
    };
    return this.#begin({ ...begin, kind: SpanKind.CONSUMER, attributes });
  }

  remoteBatch({ route, keys, caller }: BatchFacts): Activity {
    const attributes = { 'bgtasks.route': route, 'bgtasks.remote.keys': keys };
    return this.#begin({ name: `remote ${route}`, kind: SpanKind.INTERNAL, attributes, caller });
  }

  retry(): void {
    trace.getActiveSpan()?.addEvent('bgtasks.retry');
  }

  deadLetter(): void {
    trace.getActiveSpan()?.addEvent('bgtasks.dead_letter');
  }

  #begin({ name, kind, attributes, caller, isRemote = false }: Begin): Activity {
    const span = this.#tracer.startSpan(name, { kind, attributes }, parentOf(caller, isRemote));
    const inside = trace.setSpan(context.active(), span);
    return {
      caller: travelling(caller, span),
      run: (work) => context.with(inside, work),
      end: (outcome) => end(span, outcome),
    };
  }
}

function operation(name: string, type: string): Attributes {
  return { 'messaging.operation.name': name, 'messaging.operation.type': type };
}

/** `exchange:routing key:queue`, without what is empty or says the same twice. */
function destination(exchange: string, routingKey: string, queue = routingKey): Attributes {
  const parts = [exchange, routingKey, queue === routingKey ? '' : queue].filter((part) => part !== '');
  return {
    'messaging.destination.name': parts.join(':'),
    ...(routingKey !== '' && { 'messaging.rabbitmq.destination.routing_key': routingKey }),
  };
}

/** The span that is active; where there is none, or the caller is what counts, the caller's. */
function parentOf(caller: Caller, isRemote: boolean): Context {
  const active = context.active();
  if (!isRemote && trace.getSpanContext(active)) return active;
  const remote = spanContextOf(caller);
  return remote ? trace.setSpanContext(active, remote) : isRemote ? trace.deleteSpan(active) : active;
}

function spanContextOf({ traceparent, tracestate }: Caller): SpanContext | undefined {
  if (!isTraceparent(traceparent)) return undefined;
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  const found: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(typeof tracestate === 'string' && { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(found) ? found : undefined;
}

/** Where no SDK is set up, what the caller brought travels on; else none of it, as its state belongs to its own trace. */
function travelling(caller: Caller, span: Span): Caller {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  if (!isSpanContextValid(span.spanContext())) return caller;
  const { tracestate: _ofTheCaller, ...rest } = caller;
  const flags = traceFlags.toString(16).padStart(2, '0');
  const state = traceState?.serialize();
  return { ...rest, traceparent: `00-${traceId}-${spanId}-${flags}`, ...(state && { tracestate: state }) };
}

function end(span: Span, outcome: Ended): void {
  if ('error' in outcome) {
    const { error } = outcome;
    span.recordException(error instanceof Error ? error : messageOf(error));
    span.setAttribute('error.type', typeOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
  } else if (statusOf(outcome.value) === 'fail') {
    span.setAttribute('bgtasks.status', 'fail');
  }
  span.end();
}

function typeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : '_OTHER';
}
