import { expect } from 'chai';
import { Application } from './commands/application.js';
import { autoClose } from './support/auto-close.js';

/** In processes of their own: `registerTasks` is about the default service and the working directory. */
describe('registerTasks', function () {
  this.timeout(20_000);

  const served = `import { rpcTask } from 'bgtasks';
    console.log('loaded');
    export const a = rpcTask('a')(() => 'of the module');
    export const b = rpcTask('b')(() => 'of the module');`;

  const run = (script: string, files: Readonly<Record<string, string>> = {}) => {
    const app = autoClose(
      new Application({ 'package.json': '{"type":"module"}', 'tasks.ts': served, ...files, 'check.mjs': script }),
    );
    return app.node('check.mjs', { BGTASKS_ENVIRONMENT: 'test' });
  };

  it('loads what the command would serve, once; a handler of the test wins, whichever came first', () => {
    const printed = run(`
      import { call, registerTasks, rpcTask, service } from 'bgtasks';
      rpcTask('a')(() => 'of the test');
      await registerTasks();
      await registerTasks();
      console.log(await call('a'), await call('b'));
      rpcTask('b')(() => 'of the test');
      console.log(await call('a'), await call('b'));
      await service.close();`);
    expect(printed).to.equal('loaded\nof the test of the module\nof the test of the test\n');
  });

  it('takes paths, and the tasks of the config', () => {
    const other = { 'other/more.ts': `import { rpcTask } from 'bgtasks'; rpcTask('more')(() => 'more');` };
    const config = `import { configure } from 'bgtasks'; configure({ tasks: ['other'] });`;
    const script = (paths: string) => `
      import { registerTasks, service } from 'bgtasks';
      await registerTasks(${paths});
      console.log([...service.tasks.keys()].join());`;
    expect(run(script("'other'"), other)).to.equal('more\n');
    expect(run(script("['other/more.ts', 'tasks.ts']"), other)).to.equal('loaded\nmore,a,b\n');
    expect(run(script(''), { ...other, 'bgtasks.config.ts': config })).to.equal('more\n');
  });

  it('rejects for a module that cannot be loaded, and tries again the next time', () => {
    const printed = run(`
      import { writeFileSync } from 'node:fs';
      import { registerTasks } from 'bgtasks';
      await registerTasks('gone.mjs').catch((error) => console.log(error.code, error.message.split(':')[0]));
      writeFileSync('gone.mjs', '');
      await registerTasks('gone.mjs');
      console.log('loaded now');`);
    expect(printed).to.equal('MODULE_FAILED No task module at "gone.mjs"\nloaded now\n');
  });
});
