/** The package as `npm pack` makes it, bundled, unpacked into a folder as `npm install` would, without any optional peer. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
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
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** In a copy, and without scripts: `prepack` would rewrite the very tests that run. */
function pack(destination: string): PackReport {
  const copy = mkdtempSync(join(destination, 'copy-'));
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const listed = files.filter((path) => !path.startsWith('!'));
  for (const path of ['package.json', 'README.md', 'LICENSE', ...listed])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  execFileSync(process.execPath, [join(ROOT, '.ci/bundle.js')], { cwd: copy, stdio: 'pipe' });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const [report] = JSON.parse(execFileSync('npm', args, { cwd: copy, encoding: 'utf8', stdio: 'pipe' })) as [
    PackReport,
  ];
  rmSync(copy, { recursive: true });
  return report;
}

/** An empty project with the packed package in its `node_modules`. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'bgtasks-packed-')));
  readonly report: PackReport;

  constructor() {
    this.report = pack(this.folder);
    execFileSync('tar', ['-xzf', join(this.folder, this.report.filename), '-C', this.folder]);
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
