/** The package as `npm pack` makes it, unpacked into a folder as `npm install` would, without any optional peer. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly PackedFile[];
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** An empty project with the packed package in its `node_modules`. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'bgtasks-packed-')));
  readonly report: PackReport;

  constructor() {
    // Without scripts: `prepack` would build, and so rewrite the very tests that run.
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', this.folder];
    const [report] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })) as [
      PackReport,
    ];
    this.report = report;
    execFileSync('tar', ['-xzf', join(this.folder, report.filename), '-C', this.folder]);
    mkdirSync(join(this.folder, 'node_modules'));
    renameSync(join(this.folder, 'package'), join(this.folder, 'node_modules/bgtasks'));
    this.#linkDependencies('node_modules/bgtasks');
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Puts a package of ours into the project, as it stands in our own `node_modules`. */
  link(name: string): void {
    const target = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), target);
  }

  /** Runs Node in the project; what it printed. */
  node(...args: readonly string[]): string {
    return execFileSync(process.execPath, args, { cwd: this.folder, encoding: 'utf8', stdio: 'pipe' });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** What a dependency needs itself is found beside it, as the link leads to our `node_modules`. */
  #linkDependencies(folder: string): void {
    const manifest = readFileSync(join(this.folder, folder, 'package.json'), 'utf8');
    for (const name of Object.keys((JSON.parse(manifest) as Manifest).dependencies ?? {})) this.link(name);
  }
}
