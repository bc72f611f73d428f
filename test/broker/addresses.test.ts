import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { Service, type ServiceOptions } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const service = (options: ServiceOptions) => autoClose(new Service({ logger: silentLogger, ...options }));

/** The shared RabbitMQ at another port of this machine. */
function at(port: number, protocol = 'amqp:'): string {
  const { username, password, pathname } = new URL(rabbitUrl());
  return `${protocol}//${username}:${password}@localhost:${port}${pathname}`;
}

describe('several addresses of RabbitMQ', () => {
  const proxies = async () => {
    const target = Number(new URL(rabbitUrl()).port);
    return [autoClose(await new TcpProxy(target).listen()), autoClose(await new TcpProxy(target).listen())] as const;
  };

  it('are tried in turn, also after a loss', async () => {
    const [first, second] = await proxies();
    await first.refuse();
    const worker = service({ url: [at(first.port), at(second.port)] });
    const route = unique('failover');
    worker.rpcTask(route)(() => 'served');
    await worker.start();
    await first.listen();
    await second.refuse();
    await until(() => worker.health().consuming && worker.health().reconnects > 0);
    expect(await worker.call(route)).to.equal('served');
  });

  it('are all named where none can be reached, and no password is', async () => {
    const url = ['amqp://user:secret@127.0.0.1:1/', 'amqp://user:secret@127.0.0.1:2/'];
    const error = (await rejection(service({ url }).start())) as Error;
    expect(error).to.have.property('code', 'CONNECTION_FAILED');
    expect(error.message).to.contain('127.0.0.1:1').and.to.contain('127.0.0.1:2').and.to.not.contain('secret');
    expect(JSON.stringify(error)).to.not.contain('secret');
  });
});

describe('amqps', () => {
  let folder: string;
  let server: Server;
  const file = (name: string) => join(folder, name);
  const text = (name: string) => readFileSync(file(name), 'utf8');

  /** An authority, and certificates that it signed: of the broker and of a client. */
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bgtasks-tls-'));
    const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const names = ['-addext', 'subjectAltName=DNS:localhost'];
    const fresh = ['req', '-x509', '-newkey', 'rsa:2048', '-days', '2'];
    openssl(...fresh, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority');
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
    openssl(
      ...fresh,
      ...signed,
      ...names,
      '-nodes',
      '-keyout',
      'broker.key',
      '-out',
      'broker.pem',
      '-subj',
      '/CN=broker',
    );
    const locked = ['-passout', 'pass:open sesame'];
    openssl(...fresh, ...signed, ...locked, '-keyout', 'client.key', '-out', 'client.pem', '-subj', '/CN=client');
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  /** RabbitMQ behind TLS. */
  const listen = async (requestCert = false): Promise<string> => {
    const options = { ca: text('ca.pem'), cert: text('broker.pem'), key: text('broker.key') };
    server = createServer({ ...options, requestCert, rejectUnauthorized: requestCert }, (inside) => {
      const outside = connect(Number(new URL(rabbitUrl()).port), '127.0.0.1');
      for (const [from, to] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        from.on('error', () => {}).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    autoClose({ close: async () => void server.close() });
    return at((server.address() as { port: number }).port, 'amqps:');
  };

  const serves = async (options: ServiceOptions) => {
    const route = unique('secret');
    const worker = service(options);
    worker.rpcTask(route)(() => 'served');
    await worker.start();
    expect(await worker.call(route)).to.equal('served');
  };

  it('trusts the authority that is named, by its file or its text', async () => {
    const url = await listen();
    await serves({ url, tls: { ca: file('ca.pem') } });
    await serves({ url, tls: { ca: [text('ca.pem')] } });
  });

  it('trusts nobody else, and says what to check', async () => {
    const url = await listen();
    const error = (await rejection(service({ url }).start())) as Error;
    expect(error).to.have.property('code', 'CONNECTION_FAILED');
    expect(error.message).to.contain('certificate').and.to.contain('Check `tls` in configure()');
    await serves({ url, tls: { rejectUnauthorized: false } });
  });

  it('checks the name of the broker', async () => {
    const url = await listen();
    const tls = { ca: file('ca.pem'), servername: 'elsewhere' };
    expect(((await rejection(service({ url, tls }).start())) as Error).message).to.contain('elsewhere');
  });

  it('shows a certificate of its own, whose key may be locked', async () => {
    const url = await listen(true);
    const own = { cert: file('client.pem'), key: file('client.key'), passphrase: 'open sesame' };
    await serves({ url, tls: { ca: file('ca.pem'), ...own } });
    expect(await rejection(service({ url, tls: { ca: file('ca.pem') } }).start())).to.have.property(
      'code',
      'CONNECTION_FAILED',
    );
  });

  it('names a file that cannot be read', async () => {
    const error = (await rejection(service({ url: at(1, 'amqps:'), tls: { ca: file('none.pem') } }).start())) as Error;
    expect(error).to.have.property('code', 'INVALID_SETTING');
    expect(error.message).to.contain('"tls.ca"').and.to.contain('none.pem');
  });
});
