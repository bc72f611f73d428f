import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import type { IncomingMessage } from '../../lib/broker/broker.js';
import { PROTOCOLS } from '../../lib/protocols/index.js';
import type { Outcome, OutgoingWork, ProtocolName, Request } from '../../lib/protocols/protocol.js';
import { signed } from '../../lib/protocols/signature.js';

const MAX = 10_000_000;
const RUNS = 200;

/** What JSON can say, and what JavaScript has beside it. */
const value = fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, Number.NaN, Infinity, new Date(0)));
const args = fc.record({
  args: fc.array(value, { maxLength: 4 }),
  kwargs: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value),
});
const route = fc.stringMatching(/^[a-z]{1,8}\.[a-z]{1,8}$/);
const caller = fc.record({ url: fc.webUrl(), traceparent: fc.string() }, { requiredKeys: [] });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ value }),
  fc.record({ error: fc.record({ code: fc.string(), message: fc.string() }) }),
);

const asRequest = (given: Pick<Request, 'route' | 'body' | 'caller'>): Request => {
  return { ...given, correlationId: 'the-id', replyTo: 'r', timeoutMs: 1 };
};
const info = { messageId: 'the-id', correlationId: 'the-id', replyTo: 'q', deadline: undefined, caller: {} };

/** A `__proto__` key is an error of its own, before anything is sent. */
const isSent = (any: unknown) => !JSON.stringify(any)?.includes('__proto__');

function check<T>(given: fc.Arbitrary<T>, holds: (given: T) => void): void {
  fc.assert(fc.property(given.filter(isSent), holds), { numRuns: RUNS });
}

/** Strict, as no Python peer is: what it takes, they take. */
const load = (body: Buffer) => JSON.parse(body.toString('utf8')) as unknown;
const encoded = (name: ProtocolName, job: OutgoingWork) => PROTOCOLS[name].work?.encode(job, MAX) as IncomingMessage;

describe('what ends a Python peer is never sent', () => {
  for (const protocol of ['json', 'bgtasks-python'] as const) {
    it(`to bgtasks (Python): an empty body, one that is no JSON, a request without reply_to (${protocol})`, () => {
      check(fc.record({ route, body: value, caller }), (given) => {
        const sent = signed(PROTOCOLS[protocol].encodeRequest(asRequest(given), MAX), 'a secret of services');
        load(sent.body);
        load(encoded(protocol, { ...given, messageId: 'm' }).body);
        expect(sent.properties).to.include({ correlationId: 'the-id', replyTo: 'r' });
        expect(sent.properties.contentEncoding).to.equal(undefined);
      });
    });
  }

  it('to Celery: a body without exactly three parts, no content type, no id, a time of other than six digits', () => {
    const at = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
    const options = fc.record(
      { deadline: at, notBefore: at, priority: fc.integer({ min: 0, max: 9 }), replyTo: fc.constant('q') },
      { requiredKeys: [] },
    );
    const headers = fc.dictionary(fc.constantFrom('task', 'id', 'retries', 'eta', 'lang', 'x'), fc.string());
    for (const protocol of ['celery', 'klue'] as const) {
      check(fc.record({ route, body: args, caller, options, headers }), ({ options: more, ...given }) => {
        const sent = encoded(protocol, { ...given, ...more, messageId: 'the-id' });
        checkTask(sent, given.route);
        const again = PROTOCOLS[protocol].work?.again(sent, 2, sent.properties.headers ?? {}) as IncomingMessage;
        checkTask(again, given.route);
        expect(again.properties.headers).to.include({ retries: 1, eta: null });
      });
    }
    check(fc.record({ route, body: args, caller }), (given) => {
      checkTask(PROTOCOLS.celery.encodeRequest(asRequest(given), MAX), given.route);
    });
  });

  it('to a caller with Celery: no content type, a FAILURE whose result is no object with exc_module', () => {
    check(outcome, (given) => {
      const { body, properties } = PROTOCOLS.celery.encodeReply(info, given, MAX);
      const { task_id: id, status, result } = load(body) as Record<string, unknown>;
      expect(properties.contentType).to.equal('application/json');
      expect(id).to.equal('the-id');
      expect(status).to.equal(given.error ? 'FAILURE' : 'SUCCESS');
      if (given.error) expect(result).to.have.keys(['exc_type', 'exc_message', 'exc_module']);
    });
  });

  it('to amqp_worker: anything but gzip of { data }, and a reply without its type', () => {
    check(fc.record({ route, body: value, caller, outcome }), ({ outcome: given, ...asked }) => {
      const sent = PROTOCOLS['gzip-json'].encodeRequest(asRequest(asked), MAX);
      for (const { body } of [sent, encoded('gzip-json', { ...asked, messageId: 'm' })]) {
        const names = Object.keys(load(gunzipSync(body)) as object);
        expect(names).to.deep.equal(['data']);
      }
      const reply = PROTOCOLS['gzip-json'].encodeReply(info, given, MAX);
      expect(reply.properties).to.include({ type: 'result', contentType: 'application/octet-stream' });
      expect(load(gunzipSync(reply.body))).to.have.property('success', !given.error);
    });
  });

  it('to micro_framework: other content types, an answer that is encoded once, args that are no list', () => {
    check(fc.record({ route, body: args, caller, outcome }), ({ outcome: given, ...asked }) => {
      const sent = PROTOCOLS['micro-framework'].encodeRequest(asRequest(asked), MAX);
      expect(load(sent.body)).to.have.keys(['command', 'command_args', 'command_kwargs']);
      const reply = PROTOCOLS['micro-framework'].encodeReply(info, given, MAX);
      for (const { properties } of [sent, reply, encoded('micro-framework', { ...asked, messageId: 'm' })]) {
        expect(properties).to.include({ contentType: 'application/json', contentEncoding: 'utf-8' });
      }
      const { exception } = load(Buffer.from(load(reply.body) as string)) as {
        exception: { args: []; kwargs: object };
      };
      if (given.error) expect([Array.isArray(exception.args), exception.kwargs]).to.deep.equal([true, {}]);
    });
  });
});

function checkTask({ body, properties }: IncomingMessage, name: string): void {
  const [list, kwargs, embed, ...others] = load(body) as unknown[];
  expect([Array.isArray(list), typeof kwargs, typeof embed, others]).to.deep.equal([true, 'object', 'object', []]);
  expect(properties).to.include({ contentType: 'application/json', contentEncoding: 'utf-8' });
  expect(properties.headers).to.include({ task: name, id: 'the-id' });
  for (const time of [properties.headers?.eta, properties.headers?.expires]) {
    if (time !== null) expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
  }
}
