/** The settings of micro_framework as those of a service. */
import { BgTasksError } from 'bgtasks';
import { asyncBackOff, Runner, type RunnerSettings } from 'bgtasks/compat';
import { expect } from 'chai';

const settingsOf = (settings: RunnerSettings) => new Runner({ routes: [], settings }).service.settings;

describe('the settings of a Runner', () => {
  it('are those of a service', () => {
    const settings = settingsOf({
      AMQP_URI: 'amqp://guest:guest@rabbit:5672',
      MAX_WORKERS: 3,
      SERVICE_NAME: 'my_service',
      MAX_TASKS_PER_CHILD: 2,
      WORKER_MODE: 'process',
      WEBSOCKET_IP: '0.0.0.0',
      WEBSOCKET_PORT: 8766,
      rpcTimeoutMs: 500,
      websocket: { maxSockets: 5 },
    });
    expect(settings).to.deep.include({
      url: 'amqp://guest:guest@rabbit:5672',
      concurrency: 3,
      workers: 3,
      serviceName: 'my_service',
      maxTasksPerChild: 2,
      pool: 'process',
      greedy: false,
      rpcTimeoutMs: 500,
    });
    expect(settings.websocket).to.include({ host: '0.0.0.0', port: 8766, maxSockets: 5 });
  });

  for (const [mode, pool, greedy] of [
    ['thread', 'thread', false],
    ['greedy_thread', 'thread', true],
    ['process', 'process', false],
    ['greedy_process', 'process', true],
    [undefined, 'inline', false],
  ] as const) {
    it(`have the mode ${mode} as pool ${pool}${greedy ? ', greedy' : ''}`, () => {
      expect(settingsOf({ WORKER_MODE: mode })).to.include({ pool, greedy });
    });
  }

  it('leave out what is undefined, and may be given in our names', () => {
    expect(settingsOf({ AMQP_URI: undefined, url: 'memory://', greedy: true, WORKER_MODE: 'thread' })).to.include({
      url: 'memory://',
      greedy: true,
    });
  });

  for (const [settings, message] of [
    [{ WORKER_MODE: 'fibre' }, /^Setting "WORKER_MODE" must be one of thread, greedy_thread, .+, not "fibre"\.$/],
    [{ MAX_WORKERS: '3' }, /^Setting "MAX_WORKERS" must be a whole number from 1 to \d+, not "3"\.$/],
    [{ MAX_TASKS_PER_CHILD: 0 }, /^Setting "MAX_TASKS_PER_CHILD" must be a whole number/],
    [{ AMQP_URI: 'http://x' }, /^Setting "AMQP_URI" must be a URL that starts with amqp/],
    [{ SERVICE_NAME: 'a b' }, /^Setting "SERVICE_NAME" must consist of letters/],
    [{ WEBSOCKET_IP: 7 }, /^Setting "WEBSOCKET_IP" is wrong: "host" must be a text\.$/],
    [{ WEBSOCKET_PORT: 'x' }, /^Setting "WEBSOCKET_PORT" is wrong: "port" must be a whole number/],
    [{ ENABLE_METRICS: true }, /^Unknown setting "ENABLE_METRICS"\. Those of micro_framework are: AMQP_URI, /],
    [{ MAX_WORKER: 3 }, /^Unknown setting "MAX_WORKER"/],
    [{ maxWorkers: 3 }, /^Unknown setting "maxWorkers"/],
    [{ AMQP_URI: 'memory://', url: 'memory://' }, 'Give either "AMQP_URI" or "url", not both.'],
    [{ MAX_WORKERS: 3, workers: 3 }, 'Give either "MAX_WORKERS" or "workers", not both.'],
    [{ WORKER_MODE: 'greedy_thread', greedy: true }, 'Give either "WORKER_MODE" or "greedy", not both.'],
    [{ WEBSOCKET_PORT: 1, websocket: { port: 2 } }, 'Give either "WEBSOCKET_PORT" or "websocket.port", not both.'],
  ] as const) {
    it(`are refused under their own names: ${JSON.stringify(settings)}`, () => {
      expect(() => settingsOf(settings as object))
        .to.throw(BgTasksError, message)
        .with.property('code', 'INVALID_SETTING');
    });
  }
});

describe('asyncBackOff', () => {
  it('counts retries, where we count attempts', () => {
    expect(asyncBackOff({ maxRetries: 5, intervalMs: 10_000 })).to.deep.equal({ attempts: 6, backoff: 10_000 });
    expect(asyncBackOff({ maxRetries: 0, exceptionList: [TypeError] })).to.deep.equal({
      attempts: 1,
      backoff: 60_000,
      retryOn: [TypeError],
    });
    for (const exceptionList of [undefined, null, []]) {
      expect(asyncBackOff({ ...(exceptionList !== undefined && { exceptionList }) })).to.deep.equal({
        attempts: 4,
        backoff: 60_000,
      });
    }
  });

  for (const [options, message] of [
    [{ max_retries: 5 }, /has no option "max_retries"\. Options are: maxRetries, intervalMs, exceptionList\.$/],
    [{ maxRetries: -1 }, /"maxRetries" must be a whole number from 0, not -1/],
    [{ intervalMs: '10' }, /"intervalMs" must be milliseconds from 0, not "10"/],
    [{ exceptionList: ['TypeError'] }, /"exceptionList" must be a list of error classes/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => asyncBackOff(options as object))
        .to.throw(BgTasksError, message)
        .with.property('code', 'INVALID_TASK');
    });
  }
});
