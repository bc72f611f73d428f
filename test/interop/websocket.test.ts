import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NoRouteError, RemoteError } from 'bgtasks';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { pythonFor } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { clientOf, makeService, started } from '../websocket/serving.js';

const PEER = fileURLToPath(new URL('../../../test/interop/websocket_peer.py', import.meta.url));

describe('services written with websockets', function () {
  this.timeout(30_000);
  let python: string;

  before(function () {
    python = pythonFor(this, 'websockets', 'python3-websockets');
  });

  /** `next` is the peer's next line of output. */
  const start = (...args: string[]) => {
    const child: ChildProcess = spawn(python, [PEER, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr?.on('data', (text) => {
      complaints += String(text);
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
    const complained = () => complaints;
    return { next, complained, say: (line: string) => child.stdin?.write(`${line}\n`) };
  };

  it('call ours, and get answers in order, errors they can read, and no crash of ours', async () => {
    const service = makeService();
    service.webSocketTask('ws_add', { params: ['a', 'b', 'scale'] })(
      (a: number, b: number, scale = 1) => (a + b) * scale,
    );
    service.webSocketTask('echo')((value: unknown) => value);
    service.webSocketTask('fails')(() => {
      throw Object.assign(new Error('boom'), { code: 'ValueError' });
    });
    const peer = start('call', String(await started(service)));
    const ask = async (...texts: string[]) => {
      peer.say(JSON.stringify(texts));
      return JSON.parse(await peer.next()) as { data: unknown; exception: { exception: string } | null }[];
    };
    const add = '{"command": "ws_add", "command_args": [1, 2], "command_kwargs": {"scale": 10}}';
    const text = '{"command": "echo", "command_args": [{"t": "h\\u00e9llo \\u4e16 \\ud83d\\ude00"}]}';
    const [sum, malformed, echoed, failed] = await ask(add, '{oops', text, '{"command": "fails"}');
    expect(sum).to.deep.equal({ data: 30, exception: null });
    expect(malformed).to.have.nested.property('exception.exception', 'RPCMalformedMessage');
    expect(echoed?.data).to.deep.equal({ t: 'héllo 世 😀' });
    expect(failed?.exception).to.deep.equal({
      exception: 'ValueError',
      message: 'boom',
      args: ['boom'],
      kwargs: {},
      module: null,
    });
    expect(await ask('{"no": "command"}')).to.equal('closed 1008');
    const [list] = await ask('{"command": "__list_targets__"}');
    expect(list?.data).to.have.length(3);
  });

  it('serve ours', async () => {
    const peer = start('serve');
    const client = clientOf(Number(await peer.next()));
    expect(await client.py_join('argument3', 'argument4')).to.equal('argument3 - argument4');
    expect(await client.call('py_join', { args: ['a'], kwargs: { b: 'é', sep: '+' } })).to.equal('a+é');
    const many = Array.from({ length: 20 }, (_, index) => client.py_join('a', index));
    expect(await Promise.all(many)).to.include('a - 19');
    const failed = (await rejection(client.py_fail())) as RemoteError;
    expect(failed).to.be.instanceOf(RemoteError);
    expect(failed.remote).to.deep.equal({ code: 'ValueError', message: 'boom' });
    expect(await rejection(client.nosuch())).to.be.instanceOf(NoRouteError);
    expect(await rejection(client.py_nan())).to.have.property('code', 'BAD_REPLY');
    expect(await client.py_busy()).to.equal('at last');
    await client.listTargets();
    expect(client.py_join.info).to.contain('keyword arguments: sep\ndocstring: Joins.');
    expect(peer.complained()).to.equal('');
  });
});
