import { BgTasksError, Service } from 'bgtasks';
import { expect } from 'chai';
import type { ServiceOptions } from '../lib/settings/options.js';
import { resolveSettings } from '../lib/settings/settings.js';
import { variableOf } from '../lib/settings/values.js';

const settings = (options: ServiceOptions, environment: Record<string, string> = {}) =>
  resolveSettings(options, environment);

describe('settings', () => {
  it('have defaults', () => {
    expect(settings({})).to.include({
      url: 'amqp://guest:guest@localhost:5672/',
      rpcTimeoutMs: 60_000,
      environment: 'production',
      serviceName: undefined,
      concurrency: 100,
    });
  });

  it('are frozen', () => {
    expect(Object.isFrozen(settings({}))).to.equal(true);
  });

  it('take a variable per option, and code before it', () => {
    const environment = {
      BGTASKS_SERVICE_NAME: 'images',
      BGTASKS_RPC_TIMEOUT_MS: '5000',
      BGTASKS_TASKS: 'a.ts, b/*.ts,',
    };
    expect(settings({ rpcTimeoutMs: 10 }, environment)).to.deep.include({
      serviceName: 'images',
      rpcTimeoutMs: 10,
      tasks: ['a.ts', 'b/*.ts'],
    });
  });

  it('name a variable after its option', () => {
    expect(['url', 'rpcTimeoutMs', 'maxBodyBytes'].map(variableOf)).to.deep.equal([
      'BGTASKS_URL',
      'BGTASKS_RPC_TIMEOUT_MS',
      'BGTASKS_MAX_BODY_BYTES',
    ]);
  });

  it('treat an empty variable as none', () => {
    expect(settings({}, { BGTASKS_URL: '', BGTASKS_PORT: '' }).url).to.equal('amqp://guest:guest@localhost:5672/');
    expect(settings({}, { BGTASKS_DRAIN_MS: ' ', BGTASKS_URL: ' ' }).drainMs).to.equal(30_000);
  });

  describe('the address', () => {
    const cases: readonly [string, ServiceOptions, Record<string, string>, string][] = [
      ['is the url of the code', { url: 'amqp://a/' }, { BGTASKS_URL: 'amqp://b/' }, 'amqp://a/'],
      [
        'is made of its parts',
        { host: 'h', port: 1, username: 'u', password: 'p', vhost: 'v' },
        {},
        'amqp://u:p@h:1/v',
      ],
      [
        'escapes its parts',
        { username: 'a@b', password: 'p/:?', vhost: '/x' },
        {},
        'amqp://a%40b:p%2F%3A%3F@localhost:5672/%2Fx',
      ],
      ['puts IPv6 in brackets', { host: '::1' }, {}, 'amqp://guest:guest@[::1]:5672/'],
      [
        'takes parts of the code before a url of the environment',
        { host: 'h' },
        { BGTASKS_URL: 'amqp://b/' },
        'amqp://guest:guest@h:5672/',
      ],
      [
        'takes a url of the code before parts of the environment',
        { url: 'amqp://a/' },
        { BGTASKS_HOST: 'h' },
        'amqp://a/',
      ],
      ['joins parts of both', { host: 'h' }, { BGTASKS_PASSWORD: 's' }, 'amqp://guest:s@h:5672/'],
      ['is the memory broker in the test environment', { environment: 'test', url: 'amqp://a/' }, {}, 'memory://'],
      ['may name a memory broker there', { environment: 'test', url: 'memory://mine' }, {}, 'memory://mine'],
    ];
    it('may be a list, of which a variable has its parts between commas', () => {
      const environment = { BGTASKS_URL: 'amqp://a/, amqp://b/v' };
      expect(settings({}, environment).urls).to.deep.equal(['amqp://a/', 'amqp://b/v']);
      expect(settings({ url: ['amqps://c/'] }, environment)).to.deep.include({
        url: 'amqps://c/',
        urls: ['amqps://c/'],
      });
    });

    for (const [what, options, environment, url] of cases) {
      it(what, () => expect(settings(options, environment).url).to.equal(url));
    }
  });

  describe('one clear error per bad setting', () => {
    const cases: readonly [object, Record<string, string>, string][] = [
      [{ rpcTimeout: 5 }, {}, 'Unknown setting "rpcTimeout". Did you mean "rpcTimeoutMs"?'],
      [{ RPC_SLEEP_TIME: 1 }, {}, 'replies arrive as events'],
      [{ rpcSleepTime: 1 }, {}, 'replies arrive as events'],
      [{ colour: 1 }, {}, 'Unknown setting "colour". Settings are: serviceName'],
      [
        { url: 'http://x' },
        {},
        'Setting "url" must be a URL that starts with amqp://, amqps:// or memory://; it starts with "http".',
      ],
      [{ url: 'amqp://u:secret@h:99999/' }, {}, 'Setting "url" is not a readable URL'],
      [{ url: [] }, {}, 'Setting "url" must be a URL or a list of them, not an empty list.'],
      [{ url: ['amqp://a/', 'http://b/'] }, {}, 'it starts with "http"'],
      [{ url: ['amqp://a/', 'amqps://b/'] }, {}, 'must be a list of URLs of one scheme, not of amqp and amqps.'],
      [{ url: ['memory://a', 'memory://b'] }, {}, 'takes memory:// alone'],
      [{}, { BGTASKS_URL: 'amqp://a/,nonsense' }, 'Setting "BGTASKS_URL" must be a URL that starts with amqp://'],
      [{ replyQueue: 'none' as 'direct' }, {}, 'Setting "replyQueue" must be one of direct, exclusive, not "none".'],
      [{ url: 'amqp://a/', tls: { ca: 'x' } }, {}, 'Setting "tls" needs an address that starts with amqps://.'],
      [{ tls: { cafile: 'x' } as object }, {}, 'Setting "tls" has no option "cafile"; there are: ca, cert'],
      [{ tls: { key: 7 } as object }, {}, 'Setting "tls" has a "key" that is no text.'],
      [
        { tls: { rejectUnauthorized: 'no' } as object },
        {},
        'has a "rejectUnauthorized" that is neither true nor false',
      ],
      [{ tls: 'x' as unknown as object }, {}, 'Setting "tls" must be an object, not "x".'],
      [{ url: 'amqp://a/', host: 'b', port: 1 }, {}, 'Give either "url" or "host", "port", not both.'],
      [{ port: 70_000 }, {}, 'Setting "port" must be a whole number from 1 to 65535, not 70000.'],
      [
        { rpcTimeoutMs: 0 },
        {},
        'Setting "rpcTimeoutMs" must be a whole number (milliseconds) from 1 to 2147483647, not 0.',
      ],
      [{ concurrency: 1.5 }, {}, 'Setting "concurrency" must be a whole number from 1'],
      [{ environment: 'prod' }, {}, 'Setting "environment" must be one of production, development, test, not "prod".'],
      [{ serviceName: 'a b' }, {}, 'Setting "serviceName" must consist of letters'],
      [{ tasks: 'a.ts' }, {}, 'Setting "tasks" must be a list of paths, not "a.ts".'],
      [{ tasks: [''] }, {}, 'Setting "tasks" must be a list of paths'],
      [{ middleware: [5] }, {}, 'Setting "middleware" must be a list of functions'],
      [{ logger: {} }, {}, 'Setting "logger" must have the methods debug, info, warn, error.'],
      [{ host: 'a b' }, {}, 'Setting "host" must be the name or address of a host, not "a b".'],
      [{ url: 'amqp://' }, {}, 'Setting "url" is not a readable URL'],
      [{ dataSource: 1 }, {}, 'Setting "dataSource" must be an object, not 1.'],
      [
        {},
        { BGTASKS_RPC_TIMEOUT: '5' },
        'Unknown environment variable "BGTASKS_RPC_TIMEOUT". Settings are: BGTASKS_SERVICE_NAME',
      ],
      [{}, { BGTASKS_RPC_SLEEP_TIME: '5' }, 'replies arrive as events'],
      [{}, { BGTASKS_PORT: 'x' }, 'Setting "BGTASKS_PORT" must be a whole number from 1 to 65535, not NaN.'],
      [{}, { BGTASKS_URL: 'amqp://a/', BGTASKS_HOST: 'b' }, 'Give either "url" or "host", not both.'],
    ];
    for (const [options, environment, text] of cases) {
      it(`${JSON.stringify(options)} ${JSON.stringify(environment)}`, () => {
        expect(() => settings(options as ServiceOptions, environment))
          .to.throw(BgTasksError)
          .that.satisfies((error: BgTasksError) => error.code === 'INVALID_SETTING' && error.message.includes(text));
      });
    }

    const withPassword: readonly unknown[] = [
      { url: 'amqp://u:secret@h:99999/' },
      { url: 'u:secret@h:5672' },
      { url: ['amqp://h/', 'u:secret@h://5672'] },
      { url: new URL('amqp://u:secret@h/') },
      { password: ['secret'] },
    ];
    withPassword.forEach((options, index) => {
      it(`never shows a password (${index + 1})`, () => {
        expect(() => settings(options as ServiceOptions))
          .to.throw(BgTasksError)
          .with.property('message')
          .not.contain('secret');
      });
    });
  });

  describe('configure', () => {
    it('refuses a bad setting where it is given', () => {
      expect(() => new Service({ rpcTimeoutMs: -1 })).to.throw('Setting "rpcTimeoutMs"');
    });

    it('adds up, a later address in the place of an earlier one in whichever form', () => {
      const service = new Service({ host: 'h', port: 1, serviceName: 'a' });
      service.configure({ url: 'memory://' });
      expect(service.settings).to.include({ url: 'memory://', serviceName: 'a' });
      const other = new Service({ url: 'memory://' });
      other.configure({ host: 'h' });
      expect(other.settings.url).to.equal('amqp://guest:guest@h:5672/');
    });

    it('is refused after first use', () => {
      const service = new Service();
      service.settings;
      expect(() => service.configure({ serviceName: 'late' }))
        .to.throw(BgTasksError, 'before any task is called or started')
        .with.property('code', 'USAGE');
    });
  });
});
