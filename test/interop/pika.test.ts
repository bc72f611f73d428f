import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Logger, NoRouteError, Service, unwrap } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { pythonFor } from '../support/python.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';

const FOLDER = fileURLToPath(new URL('../../../test/interop/', import.meta.url));

describe('services written with pika', function () {
  this.timeout(30_000);
  let python: string;

  before(function () {
    python = pythonFor(this, 'pika', 'python3-pika');
  });

  /** A program of ours in Python; `next` is its next line of output. */
  const start = (program: string, ...args: string[]) => {
    const child: ChildProcess = spawn(python, [`${FOLDER}${program}`, rabbitUrl(), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    autoClose({
      close: async () => {
        child.kill();
        await ended;
      },
    });
    if (!child.stdout) throw new Error('no output');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async (): Promise<string> => (await lines.next()).value ?? 'ended';
    return { next, say: (line: string) => child.stdin?.write(`${line}\n`) };
  };

  describe('call ours', () => {
    for (const protocol of ['json', 'bgtasks-python'] as const) {
      it(`and get the answer, also in non-ASCII, an error they can read, and no crash of ours (${protocol})`, async () => {
        const service = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));
        const route = unique('user.get');
        service.rpcTask(route, { protocol })((body: unknown) => {
          if (body === 'boom') throw new Error('no such user');
          return { status: 'success', data: body };
        });
        await service.start();
        const client = start('pika_client.py');
        const ask = async (body: string) => {
          client.say(`${route}\t${body}`);
          return JSON.parse(await client.next());
        };
        const text = '{"a": 1, "t": "h\\u00e9llo \\u4e16 \\ud83d\\ude00"}';
        expect(await ask(text)).to.deep.equal({
          headers: {}, // amqplib always sends the table
          body: { status: 'success', data: { a: 1, t: 'héllo 世 😀' } },
        });
        expect(await ask('null')).to.have.deep.property('body', { status: 'success', data: null });
        expect(await ask('"boom"')).to.deep.equal({
          headers: { 'bgtasks-error': 'HANDLER_FAILED' },
          body: { status: 'fail', data: { code: 'HANDLER_FAILED', detail: 'no such user' } },
        });
        expect(await ask('{"a":')).to.have.nested.property('body.data.code', 'BAD_BODY');
        expect(await ask('5')).to.have.nested.property('body.data', 5);
      });
    }
  });

  describe('serve ours', () => {
    it('which get what they answer, whatever else travels in the headers', async () => {
      const prefix = unique('python.');
      const worker = start('pika_worker.py', prefix);
      expect(await worker.next()).to.equal('ready');
      const api = autoClose(new Service({ url: rabbitUrl() }));
      const body = ['héllo', { a: null, b: 1.5 }];
      expect(await api.call(`${prefix}echo`, body)).to.deep.equal({ status: 'success', data: body });
      expect(JSON.parse(await worker.next())).to.include({ name: 'echo' });
      expect(await api.call(`${prefix}echo`)).to.deep.equal({ status: 'success', data: null });
      expect(unwrap(await api.call(`${prefix}images`, [1, 2]))).to.deep.equal([
        { id: 1, path: '/1.jpg' },
        { id: 2, path: '/2.jpg' },
      ]);
      expect(await api.call(`${prefix}bare`, [3])).to.deep.equal([{ id: 3 }]);
      expect(await rejection(api.call(`${prefix}invalid`, []).then((answer) => unwrap(answer)))).to.have.deep.property(
        'data',
        { ids: ['This list may not be empty.'] },
      );
      expect(await rejection(api.call(`${prefix}nobody`))).to.be.instanceOf(NoRouteError);
    });
  });

  it('serve a route beside ours, whose queue they declared', async () => {
    const prefix = unique('shared.');
    const python = start('pika_worker.py', prefix);
    await python.next();
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (facts) => void warnings.push(facts) };
    const ours = autoClose(new Service({ url: rabbitUrl(), logger }));
    ours.rpcTask(`${prefix}echo`, { protocol: 'bgtasks-python' })((body: unknown) => ({
      status: 'success',
      data: body,
    }));
    ours.rpcTask(`${prefix}bare`)(() => []);
    await ours.start();
    expect(warnings).to.have.length(1); // `json` declares otherwise: adopted; `bgtasks-python` declares the same
    expect(warnings[0]).to.include({ queue: `${prefix}bare` });
    const api = autoClose(new Service({ url: rabbitUrl() }));
    const answers = await Promise.all([1, 2, 3, 4].map((body) => api.call(`${prefix}echo`, body)));
    expect(answers).to.deep.equal([1, 2, 3, 4].map((data) => ({ status: 'success', data })));
  });
});
