import { expect } from 'chai';
import { Project } from './packed.js';

describe('the package, packed and installed into an empty project', function () {
  this.timeout(60_000);
  let project: Project;

  before(() => {
    project = new Project();
  });

  after(() => project.remove());

  it('holds the library and the command, and neither tests nor source maps', () => {
    const paths = project.report.files.map(({ path }) => path);
    expect(paths).to.include.members(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/lib/index.d.ts']);
    for (const path of paths)
      expect(path).to.match(
        /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/(lib|fields|serializers|commands)\/.*(\.js|\.d\.ts))$/,
      );
  });

  const answers = `
    rpcTask('double')((body) => body * 2);
    configure({ environment: 'test' });
    call('double', 21).then((answer) => { console.log(answer, typeof ModelSerializer, typeof CharField, typeof stub); return service.close(); });`;

  it('works from an ES module, without any optional peer', () => {
    project.write(
      'esm.mjs',
      `
      import { call, configure, rpcTask, service } from 'bgtasks';
      import { ModelSerializer } from 'bgtasks/serializers';
      import { CharField } from 'bgtasks/fields';
      import { stub } from 'bgtasks/testing';
      ${answers}`,
    );
    expect(project.node('esm.mjs')).to.equal('42 function function function\n');
  });

  it('works from CommonJS', () => {
    project.write(
      'commonjs.cjs',
      `
      const { call, configure, rpcTask, service } = require('bgtasks');
      const { ModelSerializer } = require('bgtasks/serializers');
      const { CharField } = require('bgtasks/fields');
      const { stub } = require('bgtasks/testing');
      ${answers}`,
    );
    expect(project.node('--disable-warning=ExperimentalWarning', 'commonjs.cjs')).to.equal(
      '42 function function function\n',
    );
  });

  it('asks for class-validator by name where a DTO needs it', () => {
    project.write(
      'dto.mjs',
      `
      import { call, configure, rpcTask, service } from 'bgtasks';
      class NewUser {}
      rpcTask('add', { body: NewUser })(() => 1);
      configure({ environment: 'test' });
      await call('add', {}).catch((error) => console.log(error.remote.code, error.remote.message));
      await service.close();`,
    );
    expect(project.node('dto.mjs')).to.match(/^MISSING_PEER .*npm install class-validator class-transformer/);
  });

  it('says which package is missing for WebSocket tasks and their client', () => {
    project.write(
      'sockets.mjs',
      `
      import { configure, service, silentLogger, webSocketClient, webSocketTask } from 'bgtasks';
      configure({ url: 'memory://', logger: silentLogger });
      webSocketTask('a')(() => 1);
      const say = (error) => console.log(error.code, error.message);
      await service.start().catch(say);
      await service.close();
      await webSocketClient('127.0.0.1').a().catch(say);`,
    );
    expect(project.node('sockets.mjs')).to.match(
      /^MISSING_PEER .*npm install ws .*\nMISSING_PEER .*npm install ws .*\n$/,
    );
  });

  it('holds its entry points bundled, with one copy of what they share', () => {
    project.write(
      'one.mjs',
      `
      import { asyncTask, BgTasksError, call, configure, service, ValidationError } from 'bgtasks';
      import { asyncTask as ofCompat } from 'bgtasks/compat';
      import { CharField } from 'bgtasks/fields';
      import { CharField as ofSerializers } from 'bgtasks/serializers';
      import { stub } from 'bgtasks/testing';
      try {
        new CharField({ maxLength: 1 }).runValidation('xy');
      } catch (error) {
        console.log(error instanceof ValidationError, error instanceof BgTasksError, error.name, error.constructor.name);
      }
      configure({ environment: 'test' });
      stub('stubbed', 1);
      console.log(CharField === ofSerializers, asyncTask === ofCompat, await call('stubbed'));
      await service.close();`,
    );
    expect(project.node('one.mjs')).to.equal('true true ValidationError ValidationError\ntrue true 1\n');
    const modules = project.report.files.filter(({ path }) => path.endsWith('.js'));
    expect(modules).to.have.length.below(60);
  });

  for (const pool of ['process', 'thread']) {
    it(`runs tasks of TypeScript in a pool (${pool}), and names their place`, () => {
      link(project, '@swc/core', '@swc/counter', '@swc/types');
      project.write(
        'pool/tasks.ts',
        `
        import { isMainThread } from 'node:worker_threads';
        import { rpcTask } from 'bgtasks';
        export const where = rpcTask('where')((): string => isMainThread ? (process.send ? 'process' : 'here') : 'thread');`,
      );
      project.write(
        `${pool}.mjs`,
        `
        import { call, configure, registerTasks, rpcTask, service } from 'bgtasks';
        configure({ url: 'memory://', pool: '${pool}', workers: 1 });
        await registerTasks('pool/tasks.ts');
        await service.start();
        console.log(await call('where'), service.tasks.get('where').place);
        await service.close();`,
      );
      expect(project.node(`${pool}.mjs`)).to.equal(`${pool} pool/tasks.ts:4:37\n`);
    });
  }

  it('runs its command', () => {
    project.write('tasks.mjs', `import { rpcTask } from 'bgtasks'; rpcTask('a')(() => 1);`);
    expect(project.node('node_modules/bgtasks/dist/commands/bin.js', 'routes')).to.match(
      /^a +rpc +json +tasks\.mjs:1/m,
    );
  });

  for (const compiler of ['typescript', 'typescript-5']) {
    for (const module of ['nodenext', 'preserve']) {
      it(`type-checks in a strict project, its own declarations included (${compiler}, module ${module})`, () => {
        project.write(
          'tsconfig.json',
          JSON.stringify({
            compilerOptions: {
              strict: true,
              exactOptionalPropertyTypes: true,
              noUncheckedIndexedAccess: true,
              skipLibCheck: false,
              noEmit: true,
              target: 'es2023',
              module,
              types: ['node'],
            },
            files: ['app.mts'],
          }),
        );
        project.write(
          'app.mts',
          `
          import { call, rpcTask, unwrap, Service, webSocketClient, webSocketTask } from 'bgtasks';
          import { RemoteField, Serializer } from 'bgtasks/serializers';
          import { CharField } from 'bgtasks/fields';
          import { stub } from 'bgtasks/testing';
          import { eventListener, Route, Runner, rpc } from 'bgtasks/compat';
          declare module 'bgtasks' { interface Remotes { 'images.get': { id: number; path: string } } }
          class User extends Serializer({ name: new CharField(), image: new RemoteField({ route: 'images.get', fields: ['id', 'path'] }) }) {}
          export const path: Promise<string | undefined> = new User({ name: 'x', image: 1 }).data.then((data) => data.image?.path);
          export const images: Promise<{ id: number; path: string }[]> = call('images.get', [1]).then((answer) => unwrap(answer));
          // @ts-expect-error a key is no boolean
          call('images.get', [true]);
          stub('images.get', { status: 'success', data: [] });
          export const answer: Promise<number> = rpcTask('x')((n: number) => n).call(1);
          export const sum = webSocketTask('sum', { params: ['a', 'b'] })((a: number, b = 1) => a + b);
          export const total: Promise<number> = webSocketClient<{ sum: typeof sum }>('localhost').sum(1);
          export const joined: Promise<string> = webSocketClient('localhost').websocket_task('a', 'b');
          export const service = new Service({ url: 'memory://' });
          const created = (user: { id: number }) => user.id;
          export const runner = new Runner({
            routes: [new Route({ target: created, entrypoint: eventListener('users', 'created') }), new Route({ target: './x.js#y', entrypoint: rpc() })],
            settings: { WORKER_MODE: 'process' },
          });`,
        );
        link(project, compiler, '@types/node', 'undici-types');
        const output = run(() => project.node(`node_modules/${compiler}/bin/tsc`, '-p', '.'));
        expect(output).to.equal('');
      });
    }
  }
});

const linked = new Set<string>();

function link(project: Project, ...names: readonly string[]): void {
  for (const name of names) {
    if (!linked.has(name)) project.link(name);
    linked.add(name);
  }
}

/** What a compiler says is on its standard output, also where it fails. */
function run(command: () => string): string {
  try {
    return command();
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
