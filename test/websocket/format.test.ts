import { currentTask, type Service } from 'bgtasks';
import { expect } from 'chai';
import { unique } from '../support/brokers.js';
import { latch, makeService, type RawSocket, rawSocket, started } from './serving.js';

describe('the messages of WebSocket tasks', () => {
  let service: Service;
  let raw: RawSocket;
  let port: number;

  beforeEach(async () => {
    service = makeService();
    service.webSocketTask('ws_add', { params: ['a', 'b', 'scale'], description: 'Adds two numbers.' })(
      (a: number, b: number, scale = 1) => (a + b) * scale,
    );
    service.webSocketTask('fails')(() => {
      throw new Error('boom');
    });
    service.webSocketTask('silent')(() => undefined);
    port = await started(service);
    raw = await rawSocket(port);
  });

  const ask = async (message: unknown) => {
    raw.say(typeof message === 'string' ? message : JSON.stringify(message));
    return (await raw.next()) as { data: unknown; exception: Record<string, unknown> | null };
  };

  it('are a command with arguments, and data', async () => {
    const answer = await ask('{"command": "ws_add", "command_args": [1, 2], "command_kwargs": {"scale": 10}}');
    expect(answer).to.deep.equal({ data: 30, exception: null });
  });

  it('may be binary, and lack arguments', async () => {
    raw.say(Buffer.from('{"command": "silent"}'));
    expect(await raw.next()).to.deep.equal({ data: null, exception: null });
  });

  it('bring the error of a handler as an exception with args and kwargs', async () => {
    expect(await ask({ command: 'fails' })).to.deep.equal({
      data: null,
      exception: { exception: 'HANDLER_FAILED', message: 'boom', args: ['boom'], kwargs: {}, module: null },
    });
  });

  for (const text of ['{oops', '', '{"__proto__": {}, "command": "ws_add"}', 'NaN']) {
    it(`that are ${JSON.stringify(text)} are answered as malformed, and the socket lives`, async () => {
      const { data, exception } = await ask(text);
      expect(data).to.equal(null);
      expect(exception).to.include({ exception: 'RPCMalformedMessage', module: 'micro_framework.exceptions' });
      expect(exception?.message).to.equal(`RPCManager received unknown message structure: ${text}`);
      expect(await ask({ command: 'ws_add', command_args: [1, 2] })).to.have.property('data', 3);
    });
  }

  for (const wrong of [{ command_args: 5 }, { command_kwargs: [1] }, { id: {} }, { id: 'x'.repeat(101) }]) {
    it(`with ${JSON.stringify(wrong).slice(0, 40)} are malformed`, async () => {
      const { exception } = await ask({ command: 'ws_add', command_args: [1, 2], ...wrong });
      expect(exception).to.have.property('exception', 'RPCMalformedMessage');
    });
  }

  for (const text of ['{}', '[]', '5', 'null', '"ws_add"', '{"command": 5}']) {
    it(`that are JSON without a command (${text}) end the socket`, async () => {
      raw.say(text);
      expect(await raw.closed).to.equal(1008);
    });
  }

  for (const command of ['nosuch', 'toString', 'constructor', 'amqp']) {
    it(`to "${command}", which is no target, say so`, async () => {
      service.rpcTask('amqp')(() => 'not for sockets');
      const { exception } = await ask({ command });
      expect(exception).to.include({
        exception: 'RPCTargetDoesNotExist',
        message: `${command} does not exist or is not exposed through a RPC method.`,
        module: 'micro_framework.exceptions',
      });
    });
  }

  it('list the targets with arguments, keyword arguments and docstring', async () => {
    const add = { target: 'ws_add', args: ['a', 'b'], kwargs: ['scale'], docstring: 'Adds two numbers.' };
    const { data } = await ask({ command: '__list_targets__' });
    expect(data).to.deep.equal([
      add,
      { target: 'fails', args: [], kwargs: [], docstring: null },
      { target: 'silent', args: [], kwargs: [], docstring: null },
    ]);
    expect(await ask({ command: '__get_target__', command_args: ['ws_add'] })).to.have.deep.property('data', add);
  });

  for (const command_args of [['nosuch'], [], [{ toString: 1 }]]) {
    it(`to __get_target__ ${JSON.stringify(command_args)} are a KeyError`, async () => {
      const { exception } = await ask({ command: '__get_target__', command_args });
      expect(exception).to.have.property('exception', 'KeyError');
    });
  }

  it('without an id are handled one at a time and answered in order', async () => {
    const first = latch<string>();
    let running = 0;
    let most = 0;
    service.webSocketTask('wait')(async (value: unknown) => {
      running += 1;
      most = Math.max(most, running);
      const answer = value === 'first' ? await first.opened : value;
      running -= 1;
      return answer;
    });
    raw.say('{"command": "wait", "command_args": ["first"]}');
    raw.say('{oops');
    raw.say('{"command": "wait", "command_args": ["third"]}');
    first.open('first');
    const answers = [await raw.next(), await raw.next(), await raw.next()] as { data: unknown }[];
    expect(answers.map(({ data }) => data)).to.deep.equal(['first', null, 'third']);
    expect(most).to.equal(1);
  });

  it('with an id are handled side by side, and their answers carry it', async () => {
    const first = latch();
    service.webSocketTask('wait')(async () => first.opened);
    raw.say('{"command": "wait", "id": "slow"}');
    expect(await ask({ command: 'ws_add', command_args: [1, 2], id: 7 })).to.deep.equal({
      data: 3,
      exception: null,
      id: 7,
    });
    first.open();
    expect(await raw.next()).to.deep.equal({ data: null, exception: null, id: 'slow' });
  });

  it('may say how long their caller waits', async () => {
    service.webSocketTask('deadline')(() => currentTask()?.deadline);
    const { data } = await ask({ command: 'deadline', timeout_ms: 60_000 });
    expect(Date.parse(String(data)) - Date.now()).to.be.within(50_000, 60_000);
  });

  it('that the answer does not fit into are errors of the task', async () => {
    const small = makeService({ maxBodyBytes: 300 });
    small.webSocketTask('large')(() => 'x'.repeat(400));
    small.webSocketTask('circle')(() => {
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      return circle;
    });
    raw = await rawSocket(await started(small));
    expect((await ask({ command: 'large' })).exception).to.have.property('exception', 'BODY_TOO_LARGE');
    expect((await ask({ command: 'circle', id: 1 })).exception).to.have.property('exception', 'RPCMalformedMessage');
  });

  it('find a task that is registered later', async () => {
    const name = unique('later');
    service.webSocketTask(name)(() => 'here');
    expect(await ask({ command: name })).to.have.property('data', 'here');
  });
});
