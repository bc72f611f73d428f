import { execFileSync, spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { Application, Running } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { pythonFor } from '../support/python.js';
import { freePort } from '../support/rabbitmq/installed.js';
import { rabbitUrl } from '../support/rabbitmq.js';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const BUILT = fileURLToPath(new URL('../../examples/', import.meta.url));

/** As `config.env` has them. */
function variables(): Record<string, string> {
  const { hostname, port, username, password } = new URL(rabbitUrl());
  return {
    RABBITMQ_HOST: hostname,
    RABBITMQ_PORT: port,
    RABBITMQ_DEFAULT_USER: username,
    RABBITMQ_DEFAULT_PASS: password,
  };
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, BGTASKS_ENVIRONMENT: '', ...variables() };
}

function start(script: string): Running {
  return autoClose(new Running(spawn(process.execPath, [`${BUILT}${script}`], { env: environment() })));
}

describe('examples/shared-interface', function () {
  this.timeout(30_000);

  it('gives a script that knows the interface alone what the worker does', async () => {
    const app = autoClose(new Application({ 'package.json': '{"type":"module"}' }));
    cpSync(`${EXAMPLES}shared-interface`, app.folder, { recursive: true });
    const worker = app.start(['tasks', 'worker/stuff.tasks.ts'], variables());
    await worker.says('Serving');
    const caller = `${BUILT}shared-interface/caller/main.js`;
    const out = execFileSync(process.execPath, [caller], { env: environment(), encoding: 'utf8' });
    expect(out).to.equal('Doing stuff Hello!\n');
  });

  it('has a compose file whose services read the variables of config.env', () => {
    const read = (path: string) => readFileSync(`${EXAMPLES}shared-interface/${path}`, 'utf8');
    const { services } = parse(read('docker-compose.yaml')) as { services: Record<string, Record<string, unknown>> };
    expect(Object.keys(services)).to.deep.equal(['rabbitmq', 'worker', 'caller']);
    for (const service of Object.values(services)) expect(service.env_file).to.equal('config.env');
    expect(services.caller?.command).to.deep.equal(['npx', 'tsx', 'caller/main.ts']);
    expect(read('Dockerfile')).to.contain('CMD ["npx", "bgtasks", "tasks", "worker/stuff.tasks.ts"]');
    const names = [...read('config.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect(names).to.have.members(Object.keys(variables()));
    for (const name of names) expect(read('shared/connection.ts')).to.contain(name);
  });
});

describe('examples/async-tasks', function () {
  this.timeout(30_000);

  it('queues mails from an endpoint and from within a task, for its caller', async () => {
    const app = autoClose(new Application({ 'package.json': '{"type":"module"}' }));
    app.link('express', 'class-transformer');
    cpSync(`${EXAMPLES}async-tasks`, app.folder, { recursive: true });
    const running = app.start(['serve', 'server.ts', '--port', '0', '--host', '127.0.0.1'], {
      BGTASKS_URL: rabbitUrl(),
    });
    await running.says('Serving 2 tasks');
    await running.says('Listening on');
    const port = /Listening on .*:(\d+)/.exec(running.out + running.error)?.[1];
    const response = await fetch(`http://127.0.0.1:${port}/users/Tom?from=test`, { method: 'POST' });
    expect(response.status).to.equal(201);
    await running.says('sent: Dear Tom, welcome!');
    await running.says('sent: Dear Tom, how do you like it?');
    expect(running.out + running.error).to.contain('/users/Tom?from=test');
    running.kill('SIGTERM');
    expect((await running.finished).code).to.equal(0);
  });
});

describe('examples/gzip-workers', function () {
  this.timeout(30_000);
  let python: string;

  before(function () {
    python = pythonFor(this, 'pika', 'python3-pika');
  });

  const client = (script: string) =>
    execFileSync(python, [`${EXAMPLES}gzip-workers/${script}`], { env: environment(), encoding: 'utf8' });

  it('answers the call of its pika script', async () => {
    const worker = start('gzip-workers/rpc-worker.js');
    await worker.says('RPC worker is running');
    expect(client('rpc_client.py')).to.equal('{"success": true, "data": "data received a message"}\n');
  });

  it('prints the message of its pika script', async () => {
    const worker = start('gzip-workers/queue-worker.js');
    await worker.says('Queue worker is running');
    client('queue_client.py');
    await worker.says('data received a test message\n');
    worker.kill('SIGTERM');
    expect((await worker.finished).code).to.equal(0);
  });
});

describe('examples/runner', function () {
  this.timeout(30_000);

  it('runs events with retries, a filter, a class, and a timer that calls a WebSocket task', async () => {
    const env = { ...environment(), AMQP_URI: rabbitUrl(), WEBSOCKET_PORT: String(await freePort()) };
    const script = (name: string) => `${BUILT}runner/${name}.js`;
    const runner = autoClose(new Running(spawn(process.execPath, [script('main')], { env })));
    await runner.says('The runner is running');
    execFileSync(process.execPath, [script('publish')], { env });
    await runner.says('welcome, tom@example.org\n');
    await runner.says('you are the hundredth, tom@example.org\n');
    await runner.says('this process has counted 1\n');
    await runner.says('the WebSocket says argument1 - argument2\n');
    await runner.says('user 101 is not welcomed: no address: nowhere (attempt 3)\n');
    expect(runner.out).to.not.contain('the hundredth, nowhere');
    runner.kill('SIGTERM');
    expect((await runner.finished).code).to.equal(0);
  });
});
