import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ConsoleLoggerOptions, consoleLogger, type Logger, Service, UnrecoverableError } from 'bgtasks';
import { expect } from 'chai';
import { autoClose } from './support/auto-close.js';
import { unique } from './support/brokers.js';
import { rabbitUrl } from './support/rabbitmq.js';
import { rejection } from './support/rejection.js';
import { until } from './support/until.js';

describe('the logger', () => {
  let lines: string[];
  const logger = (options: ConsoleLoggerOptions) => consoleLogger({ ...options, write: (line) => lines.push(line) });

  beforeEach(() => {
    lines = [];
  });

  it('writes readable lines: time, level, message, facts', () => {
    logger({ format: 'text' }).warn({ route: 'user.get' }, 'slow');
    logger({ format: 'text' }).info({});
    expect(lines[0]).to.match(/^\d\d:\d\d:\d\d warn {2}slow \{"route":"user.get"\}\n$/);
    expect(lines[1]).to.match(/^\d\d:\d\d:\d\d info\n$/);
  });

  it('writes an object per line for collectors', () => {
    logger({ format: 'json' }).warn({ route: 'user.get', ms: 5 }, 'slow\nly');
    expect(lines).to.have.length(1);
    const { time, ...rest } = JSON.parse(lines[0] ?? '');
    expect(rest).to.deep.equal({ level: 'warn', message: 'slow\nly', route: 'user.get', ms: 5 });
    expect(new Date(time).toISOString()).to.equal(time);
    expect(lines[0]).to.match(/^[^\n]*\n$/);
  });

  it('shows errors with code, stack and cause in both forms, and nothing else that they carry', () => {
    const error = Object.assign(new Error('bang', { cause: new Error('root') }), {
      code: 'BANG',
      parameters: ['secret'],
    });
    logger({ format: 'text' }).error({ route: 'a', err: error }, 'failed');
    logger({ format: 'json' }).error({ route: 'a', err: error }, 'failed');
    const { err: shown } = JSON.parse(lines[1] ?? '');
    expect(shown).to.include({ name: 'Error', code: 'BANG', message: 'bang' });
    for (const text of [lines[0] ?? '', shown.stack]) {
      expect(text).to.match(/Error: bang\n\s+at .*logger\.test/);
      expect(text).to.match(/caused by Error: root\n\s+at/);
    }
    expect(lines.join('')).to.not.contain('secret');
  });

  it('writes what JSON cannot hold', () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    const hostile = { toJSON: () => JSON.parse('{') };
    const json = logger({ format: 'json' });
    for (const facts of [{ big: 5n }, { circle }, { hostile }]) json.info(facts, 'odd');
    expect(lines.map((line) => JSON.parse(line).message)).to.deep.equal(['odd', 'odd', 'odd']);
    expect(JSON.parse(lines[0] ?? '').big).to.equal('5');
  });

  it('keeps time, level and message its own', () => {
    logger({ format: 'json' }).info({ level: 'x', message: 'y', time: 'z' }, 'mine');
    expect(JSON.parse(lines[0] ?? '')).to.include({ level: 'info', message: 'mine' });
  });

  for (const [level, written] of [
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const) {
    it(`writes from "${level}" on`, () => {
      const log = logger({ format: 'json', level });
      for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each]({});
      expect(lines.map((line) => JSON.parse(line).level)).to.deep.equal(written);
    });
  }

  it('may be one whose methods need their object, as those of pino', async () => {
    class PinoLike implements Logger {
      readonly #lines: string[] = [];
      debug(facts: object, message?: string) {
        this.#write(facts, message);
      }
      info(facts: object, message?: string) {
        this.#write(facts, message);
      }
      warn(facts: object, message?: string) {
        this.#write(facts, message);
      }
      error(facts: object, message?: string) {
        this.#write(facts, message);
      }
      #write(facts: object, message = '') {
        this.#lines.push(`${message} ${Object.keys(facts)}`);
      }
      get lines() {
        return this.#lines;
      }
    }
    const pino = new PinoLike();
    const service = autoClose(new Service({ url: 'memory://pino', logger: pino }));
    const task = service.rpcTask('a')((_body, { log }) => {
      log.info({ step: 1 }, 'working');
      throw new Error('bang');
    });
    await service.start();
    await rejection(task.call());
    expect(pino.lines).to.deep.equal(['working step', 'task failed route,messageId,err']);
  });

  it('is given errors as `err` everywhere: pino shows no stack under another name', () => {
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const files = ['lib', 'serializers', 'commands'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
    );
    const sources = files.filter((name) => name.endsWith('.ts'));
    const entries = sources.flatMap((name) => {
      const found = readFileSync(name, 'utf8').matchAll(/\blog(?:ger)?\??\.(?:debug|info|warn|error)\((\{[^}]*\})/g);
      return Array.from(found, ([, facts = '']) => facts);
    });
    expect(entries).to.have.length.above(20);
    expect(entries.filter((facts) => /[{,]\s*error\b/.test(facts))).to.deep.equal([]);
  });

  it('is never told a body: not of calls, jobs or events, whether they fail, are refused or cannot be read', async () => {
    const entries: unknown[] = [];
    const keep = (facts: object, message?: string) =>
      void entries.push(message, ...Object.values(facts).map((fact) => (fact instanceof Error ? fact.stack : fact)));
    const all: Logger = { debug: keep, info: keep, warn: keep, error: keep };
    const service = autoClose(new Service({ url: rabbitUrl(), serviceName: unique('log'), logger: all }));
    const refusing = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'No.' }] }) },
    } as const;
    let runs = 0;
    const failing = (body: unknown) => {
      runs += 1;
      if (body !== null) throw new UnrecoverableError('bang');
    };
    const rpc = service.rpcTask(unique('rpc'))(failing);
    const refused = service.jobTask(unique('refused'), { body: refusing })(failing);
    const job = service.jobTask(unique('job'))(failing);
    service.onEvent(service.settings.serviceName ?? '', 'made')(failing);
    await service.start();
    await rejection(rpc.call({ password: 'secret' }));
    await job.enqueue({ password: 'secret' });
    await refused.enqueue({ password: 'secret' });
    await service.emit('made', { password: 'secret' });
    await until(() => runs === 3 && entries.filter((entry) => entry === 'task failed for good').length === 3);
    expect(JSON.stringify(entries)).to.not.contain('secret');
  });
});
