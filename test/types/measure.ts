/**
 * How long the types take: 100 serializers of 18 fields, each nested in the next, checked by the compiler of this
 * package. `npm run measure:types [-- folder of the declarations]`.
 *
 * Units:  milliseconds, the best of several runs: of checking alone, and of the whole run of the compiler.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SERIALIZERS = 100;
const FIELDS = 18;
const ROUNDS = 5;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const declarations = resolve(process.argv[2] ?? fileURLToPath(new URL('../../', import.meta.url)));
// Below the package, so that the compiler finds what the declarations import.
mkdirSync(join(root, 'node_modules', '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, 'node_modules', '.cache', 'bgtasks-types-'));
try {
  const { check, total } = milliseconds('whole', program());
  const empty = milliseconds(
    'empty',
    `${imports()}export const used = [IntegerField, CharField, nested, Serializer];\n`,
  );
  console.log(`${SERIALIZERS} serializers of ${FIELDS} fields, nested ${SERIALIZERS} deep: checked in ${check} ms`);
  console.log(`the whole run of the compiler: ${total} ms, of which ${empty.total} ms without them`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function imports(): string {
  const from = JSON.stringify(join(declarations, 'serializers/index.js'));
  return `import { BooleanField, CharField, DateTimeField, IntegerField, nested, type Representation, Serializer, type Validated } from ${from};\n`;
}

function program(): string {
  const kinds = [
    'new IntegerField({ minValue: 1 })',
    'new CharField({ maxLength: 10, allowNull: true })',
    'new BooleanField({ required: false })',
    'new DateTimeField({ readOnly: true })',
  ];
  const plain = Array.from({ length: FIELDS - 1 }, (_, n) => `  f${n}: ${kinds[n % kinds.length]},`).join('\n');
  const classes = Array.from({ length: SERIALIZERS }, (_, n) => {
    const last = n === 0 ? '  below: new IntegerField(),' : `  below: nested(S${n - 1}, { many: ${n % 2 === 0} }),`;
    return `export class S${n} extends Serializer({\n${plain}\n${last}\n}) {}`;
  });
  const path = Array.from({ length: SERIALIZERS - 1 }, (_, n) =>
    (SERIALIZERS - 1 - n) % 2 === 0 ? '.below[0]!' : '.below',
  );
  const top = `S${SERIALIZERS - 1}`;
  const uses = [
    `export const shown = (top: Representation<${top}>): number => top${path.join('')}.f0;`,
    `export const read = (top: Validated<${top}>): number => top${path.join('')}.f0;`,
  ];
  return `${imports()}${classes.join('\n')}\n${uses.join('\n')}\n`;
}

function milliseconds(name: string, text: string): { check: number; total: number } {
  writeFileSync(join(folder, `${name}.ts`), text);
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
  };
  const compilerOptions = { ...options, target: 'es2023', module: 'nodenext', noEmit: true, types: ['node'] };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  const times = Array.from({ length: ROUNDS }, () => {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout, status } = spawnSync(
      process.execPath,
      [tsc, '-p', join(folder, `${name}.json`), '--extendedDiagnostics'],
      {
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(stdout);
    const of = (part: string) =>
      Math.round(Number(new RegExp(`^${part} time:\\s+([\\d.]+)s`, 'm').exec(stdout)?.[1]) * 1000);
    return { check: of('Check'), total: of('Total') };
  });
  const best = (part: 'check' | 'total') => Math.min(...times.map((time) => time[part]));
  return { check: best('check'), total: best('total') };
}
