import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { currentCaller, type Logger, Service, silentLogger, success, unwrap, ValidationError } from 'bgtasks';
import { caller, type ViewOptions, view } from 'bgtasks/express';
import { RemoteField, Serializer } from 'bgtasks/serializers';
import { failWith, testing, timeOut } from 'bgtasks/testing';
import { expect } from 'chai';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { EntityNotFoundError } from 'typeorm';
import { autoClose } from '../support/auto-close.js';
import { until } from '../support/until.js';

describe('view', () => {
  let service: Service;
  let app: Express;
  const warnings: object[] = [];
  const logger: Logger = { ...silentLogger, warn: (facts) => void warnings.push(facts) };

  beforeEach(() => {
    warnings.length = 0;
    service = autoClose(new Service({ environment: 'test', url: 'memory://express', logger }));
    app = express();
  });

  const get = async (path: string) => {
    const server: Server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    autoClose({ close: async () => void server.close() });
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    return {
      status: response.status,
      calls: response.headers.get('x-rpc-calls'),
      body: text && JSON.parse(text),
      response,
    };
  };

  it('awaits the data of what the handler returns, and sends it as JSON', async () => {
    app.get(
      '/x/:id',
      view(async (req) => ({ data: Promise.resolve([{ id: req.params.id }]) })),
    );
    const { response: _, ...answer } = await get('/x/7');
    expect(answer).to.deep.equal({ status: 200, calls: '0', body: [{ id: '7' }] });
  });

  it('answers with the status that it is given', async () => {
    app.get(
      '/x',
      view(() => ({ data: Promise.resolve({ id: 1 }) }), { status: 201 }),
    );
    expect(await get('/x')).to.include({ status: 201 });
  });

  it('counts the calls that a response took', async () => {
    testing(service).stub('a', 1);
    const data = () => Promise.all([service.call('a'), service.call('a')]);
    app.get(
      '/x',
      view(() => ({ data: data() })),
    );
    app.get(
      '/y',
      view(async () => ({ data: Promise.resolve(await service.call('a')) })),
    );
    expect(await get('/x')).to.include({ calls: '2' });
    expect(await get('/y')).to.include({ calls: '1' });
  });

  const answering = (stub: unknown) => {
    testing(service).stub('a', stub);
    app.get(
      '/x',
      view(() => ({ data: service.call('a').then((answer) => unwrap(answer)) }), { service }),
    );
    return get('/x');
  };

  it('answers a validation error with 400 and its messages by field', async () => {
    app.get(
      '/x',
      view(() => ({ data: Promise.reject(new ValidationError({ name: ['Too long.'], tags: { 1: 'No.' } })) })),
    );
    app.get(
      '/y',
      view(() => {
        throw new ValidationError('Not like this.');
      }),
    );
    expect(await get('/x'))
      .to.include({ status: 400 })
      .and.to.have.deep.property('body', { name: ['Too long.'], tags: { 1: ['No.'] } });
    expect((await get('/y')).body).to.deep.equal({ non_field_errors: ['Not like this.'] });
  });

  it('answers a remote failure with 502, the reason in the log and not in the body', async () => {
    const { status, body } = await answering(failWith('secret reason'));
    expect(status).to.equal(502);
    expect(body).to.deep.equal({ detail: 'A service behind this one failed.', code: 'REMOTE_ERROR' });
    expect(JSON.stringify(warnings)).to.contain('secret reason');
  });

  it('answers a fail that was unwrapped with 502', async () => {
    expect(await answering({ status: 'fail', data: 'x' })).to.include({ status: 502 });
  });

  it('answers a remote timeout with 504', async () => {
    const { status, body } = await answering(timeOut());
    expect([status, body.code]).to.deep.equal([504, 'RPC_TIMEOUT']);
  });

  it('answers with 502 where nobody serves the route', async () => {
    app.get(
      '/x',
      view(() => ({ data: service.call('nobody') }), { service }),
    );
    expect(await get('/x')).to.deep.include({
      status: 502,
      body: { detail: 'A service behind this one failed.', code: 'NO_ROUTE' },
    });
  });

  it("answers TypeORM's EntityNotFoundError with 404", async () => {
    app.get(
      '/x',
      view(() => ({ data: Promise.reject(new EntityNotFoundError('User', { id: 7 })) })),
    );
    expect(await get('/x')).to.deep.include({ status: 404, body: { detail: 'Not found.' } });
  });

  it('says so where its handler gives no data', async () => {
    app.get('/x', view((() => 5) as never));
    const handle: ErrorRequestHandler = (error, _req, res, _next) => void res.status(500).json({ seen: error.code });
    app.use(handle);
    expect(await get('/x')).to.deep.include({ status: 500, body: { seen: 'USAGE' } });
  });

  it('leaves every other error to Express', async () => {
    app.get(
      '/x',
      view(() => ({ data: Promise.reject(new TypeError('a bug')) })),
    );
    const handle: ErrorRequestHandler = (error, _req, res, _next) => void res.status(500).json({ seen: error.message });
    app.use(handle);
    expect(await get('/x')).to.deep.include({ status: 500, body: { seen: 'a bug' } });
  });

  it('leaves its error to Express where somebody else has answered', async () => {
    const seen: unknown[] = [];
    app.get(
      '/x',
      (_req, res, next) => {
        res.status(503).json({ late: true });
        next();
      },
      view(() => ({ data: Promise.reject(new ValidationError({ a: ['wrong'] })) })),
    );
    const handle: ErrorRequestHandler = (error, _req, _res, _next) => void seen.push(error);
    app.use(handle);
    expect(await get('/x')).to.deep.include({ status: 503, body: { late: true } });
    await until(() => seen.length === 1);
    expect(seen[0]).to.be.instanceOf(ValidationError);
  });

  it('makes no calls for a client that has gone before', async () => {
    testing(service).stub('a', 1);
    const codes: unknown[] = [];
    app.get(
      '/x',
      async (req, res, next) => {
        req.socket.destroy();
        await once(res, 'close');
        next();
      },
      view(async () => ({ data: service.call('a').catch((error) => codes.push(error.code)) })),
    );
    await get('/x').catch(() => {});
    await until(() => codes.length === 1);
    expect(codes).to.deep.equal(['CALL_ABORTED']);
  });
});

describe('view with remote fields', () => {
  let service: Service;
  let app: Express;
  let server: Server;

  beforeEach(async () => {
    const remoteFields = { circuit: { failures: 1, retryMs: 30_000 } };
    service = autoClose(new Service({ environment: 'test', url: 'memory://express-remote', remoteFields }));
    app = express();
    server = app.listen(0, '127.0.0.1');
    autoClose({ close: async () => void server.close() });
    await once(server, 'listening');
  });

  const address = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const image = (route: string, options: object) => new RemoteField<{ id: number }>({ route, ...options });
  const serve = (fields: Record<string, ReturnType<typeof image>>, options: ViewOptions = {}) => {
    const Shown = Serializer(fields);
    const row = Object.fromEntries(Object.keys(fields).map((name) => [name, 1]));
    app.get('/x', view(() => new Shown(row), { service, ...options }) as never);
  };

  it('says in a header which routes a response goes without, and why, and nothing else of it', async () => {
    const { stub } = testing(service);
    stub('images.get', failWith('a secret'));
    stub('quote"s,é', timeOut());
    stub('teams.get', [{ id: 1 }]);
    const lenient = { onError: 'null' };
    serve({ a: image('images.get', lenient), b: image('quote"s,é', lenient), c: image('teams.get', lenient) });
    const response = await fetch(address('/x'));
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ a: null, b: null, c: { id: 1 } });
    expect(response.headers.get('warning')).to.be.oneOf([
      '199 bgtasks "No objects of images.get (REMOTE_ERROR), quote?s,? (RPC_TIMEOUT)"',
      '199 bgtasks "No objects of quote?s,? (RPC_TIMEOUT), images.get (REMOTE_ERROR)"',
    ]);
  });

  it('has no such header where every object came', async () => {
    testing(service).stub('images.get', [{ id: 1 }]);
    serve({ a: image('images.get', { onError: 'null' }) });
    expect((await fetch(address('/x'))).headers.has('warning')).to.equal(false);
  });

  it('answers 503 while a route is left alone, and says when to come back', async () => {
    testing(service).stub('images.get', timeOut());
    serve({ a: image('images.get', {}) });
    expect((await fetch(address('/x'))).status).to.equal(504);
    const response = await fetch(address('/x'));
    expect(response.status).to.equal(503);
    expect(await response.json()).to.deep.equal({
      detail: 'A service behind this one does not answer; it is tried again soon.',
      code: 'CIRCUIT_OPEN',
    });
    expect(Number(response.headers.get('retry-after'))).to.be.within(1, 30);
  });

  it('gives all calls of a response one deadline', async () => {
    let deadline: Date | undefined;
    testing(service).stub('images.get', (_body: unknown, context: { deadline?: Date }) => {
      deadline = context.deadline;
      return [];
    });
    serve({ a: image('images.get', { timeoutMs: 50_000 }) }, { timeoutMs: 5000 });
    const before = Date.now();
    await (await fetch(address('/x'))).text();
    expect(Number(deadline) - before).to.be.within(1, Date.now() - before + 5000);
  });

  it('answers 504 when the time of the response is over, however patient its fields are', async () => {
    testing(service).stub('images.get', () => new Promise((resolve) => setTimeout(resolve, 100, [])));
    serve({ a: image('images.get', { timeoutMs: 50_000 }) }, { timeoutMs: 20 });
    expect((await fetch(address('/x'))).status).to.equal(504);
  });

  it('ends the calls of a request that its client has given up, and answers nobody', async () => {
    const controller = new AbortController();
    const failures: unknown[] = [];
    testing(service).stub('images.get', () => {
      controller.abort();
      return new Promise((resolve) => setTimeout(resolve, 200, []));
    });
    const Shown = Serializer({ a: image('images.get', {}) });
    const { promise, settled } = held();
    const handler = () => {
      const { data } = new Shown({ a: 1 });
      data.catch((error) => settled(error.code));
      return { data };
    };
    app.get('/x', view(handler, { service }));
    const handle: ErrorRequestHandler = (error, _req, _res, _next) => void failures.push(error);
    app.use(handle);
    await fetch(address('/x'), { signal: controller.signal }).catch(() => {});
    expect(await promise).to.equal('CALL_ABORTED');
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures).to.deep.equal([]);
    expect(service.health().pendingCalls).to.equal(0);
  });

  it('refuses a time that is none', () => {
    for (const timeoutMs of [0, -1, Number.NaN]) {
      expect(() => view(() => ({ data: Promise.resolve(1) }), { timeoutMs })).to.throw(/"timeoutMs" must be/);
    }
  });
});

function held() {
  let settled = (_code: string) => {};
  const promise = new Promise<string>((resolve) => {
    settled = resolve;
  });
  return { promise, settled: (code: string) => settled(code) };
}

describe('caller', () => {
  it('starts what travels: the endpoint and the tasks that it calls see the same', async () => {
    const service = autoClose(new Service({ environment: 'test', url: 'memory://caller' }));
    service.rpcTask('who')(() => success(currentCaller()));
    const app = express();
    app.use(caller((req) => ({ url: req.url, userId: 7 }) as { url: string }));
    app.get(
      '/x',
      view(async () => ({ data: Promise.all([currentCaller(), service.call('who').then((a) => unwrap(a))]) })),
    );
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    autoClose({ close: async () => void server.close() });
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x?q=1`);
    const expected = { url: '/x?q=1', userId: 7 };
    expect(await response.json()).to.deep.equal([expected, expected]);
  });
});
