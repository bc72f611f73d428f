import { join } from 'node:path';
import { expect } from 'chai';
import { BgTasksError } from '../../lib/errors.js';
import { findConfig, findTaskModules } from '../../lib/loader/find-modules.js';
import { project, removeProjects } from './project.js';

/** What is found in a project of empty files. */
async function find(paths: readonly string[], patterns?: readonly string[]): Promise<string[]> {
  const cwd = project(Object.fromEntries(paths.map((path) => [path, ''])));
  const found = await findTaskModules(patterns, cwd);
  return found.map((file) => file.slice(cwd.length + 1).replaceAll('\\', '/'));
}

async function failure(paths: readonly string[], patterns: readonly string[]): Promise<BgTasksError> {
  return find(paths, patterns).then(
    () => expect.fail('nothing was thrown'),
    (error) => error,
  );
}

describe('findTaskModules', () => {
  after(removeProjects);

  describe('without paths', () => {
    for (const extension of ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']) {
      it(`finds tasks, *.tasks and what is below tasks, ending in .${extension}`, async () => {
        const paths = [`mail/send.tasks.${extension}`, `tasks.${extension}`, `tasks/deep/images.${extension}`];
        expect(await find(paths)).to.deep.equal(paths);
      });
    }

    it('finds tasks of the folder src', async () => {
      expect(await find(['src/tasks.ts', 'src/tasks/a.ts'])).to.deep.equal(['src/tasks.ts', 'src/tasks/a.ts']);
    });

    it('leaves out node_modules, dot folders, declarations and other files', async () => {
      const others = [
        'node_modules/a/a.tasks.js',
        '.cache/a.tasks.js',
        'tasks/a.d.ts',
        'a.tasks.d.mts',
        'tasks/a.json',
      ];
      expect(await find([...others, 'server.ts', 'lib/tasks.ts', 'tasks/a.ts'])).to.deep.equal(['tasks/a.ts']);
    });

    it('treats tests as any other file', async () => {
      expect(await find(['tasks/a.test.ts'])).to.deep.equal(['tasks/a.test.ts']);
    });

    it('leaves out the build where the sources are', async () => {
      const built = ['dist/tasks.js', 'build/src/tasks/a.js', 'packages/a/out/a.tasks.js'];
      expect(await find([...built, 'src/tasks.ts'])).to.deep.equal(['src/tasks.ts']);
    });

    it('finds the build where nothing else is', async () => {
      const built = ['dist/mail/a.tasks.js', 'dist/src/tasks.js', 'dist/tasks/a.js'];
      expect(await find([...built, 'dist/tasks.d.ts', 'dist/server.js'])).to.deep.equal(built);
    });

    it('finds TypeScript in a folder that has the name of a build folder', async () => {
      const paths = ['src/build/house.tasks.ts', 'src/tasks.ts'];
      expect(await find(paths)).to.deep.equal(paths);
    });

    it('leaves out JavaScript beside TypeScript of the same name', async () => {
      expect(await find(['tasks/a.ts', 'tasks/a.js', 'tasks/b.mts', 'tasks/b.mjs', 'tasks/c.js'])).to.deep.equal([
        'tasks/a.ts',
        'tasks/b.mts',
        'tasks/c.js',
      ]);
    });

    it('answers an empty list where there is nothing', async () => {
      expect(await find(['server.ts'])).to.deep.equal([]);
      expect(await find(['server.ts'], [])).to.deep.equal([]);
    });
  });

  describe('with paths', () => {
    it('takes a file as it is, whatever its name', async () => {
      expect(await find(['app[1].ts', 'app1.ts'], ['app[1].ts'])).to.deep.equal(['app[1].ts']);
      expect(await find(['dist/a.js', 'a.ts'], ['dist/a.js', 'a.ts'])).to.deep.equal(['a.ts', 'dist/a.js']);
    });

    it('takes an absolute path', async () => {
      const cwd = project({ 'a.ts': '' });
      expect(await findTaskModules([join(cwd, 'a.ts')], '/')).to.deep.equal([join(cwd, 'a.ts')]);
    });

    it('takes every module below a folder', async () => {
      const paths = ['a b/c/d.cjs', 'a b/e.ts'];
      expect(await find([...paths, 'a b/e.d.ts', 'a b/f.json', 'g.ts'], ['a b'])).to.deep.equal(paths);
    });

    it('takes a folder that has the name of a build folder', async () => {
      expect(await find(['dist/tasks/a.js', 'src/tasks/a.ts'], ['dist/tasks'])).to.deep.equal(['dist/tasks/a.js']);
    });

    it('takes a glob', async () => {
      const paths = ['a/x.jobs.ts', 'b/y.jobs.js'];
      expect(await find([...paths, 'b/y.ts', 'b/y.jobs.json'], ['**/*.jobs.*'])).to.deep.equal(paths);
    });

    it('lists each file once, sorted', async () => {
      expect(await find(['b.ts', 'a.ts'], ['b.ts', '*.ts', './a.ts'])).to.deep.equal(['a.ts', 'b.ts']);
    });

    for (const pattern of ['gone.ts', 'gone', 'gone/**']) {
      it(`names ${pattern} where it matches nothing`, async () => {
        const error = await failure(['a.ts'], ['a.ts', pattern]);
        expect(error).to.be.instanceOf(BgTasksError).with.property('code', 'MODULE_FAILED');
        expect(error.message).to.include(`No task module at "${pattern}": no such file, folder or glob match`);
      });
    }

    it('names a folder without modules', async () => {
      const error = await failure(['docs/a.md'], ['docs']);
      expect(error.code).to.equal('MODULE_FAILED');
      expect(error.message).to.include('"docs": the folder has no JavaScript or TypeScript module');
    });
  });
});

describe('findConfig', () => {
  after(removeProjects);

  for (const extension of ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']) {
    it(`finds bgtasks.config.${extension}`, () => {
      const cwd = project({ [`bgtasks.config.${extension}`]: '' });
      expect(findConfig(cwd)).to.equal(join(cwd, `bgtasks.config.${extension}`));
    });
  }

  it('prefers TypeScript to what was compiled from it', () => {
    const cwd = project({ 'bgtasks.config.js': '', 'bgtasks.config.ts': '' });
    expect(findConfig(cwd)).to.equal(join(cwd, 'bgtasks.config.ts'));
  });

  it('answers undefined without one', () => {
    expect(findConfig(project({ 'sub/bgtasks.config.ts': '' }))).to.equal(undefined);
  });
});
