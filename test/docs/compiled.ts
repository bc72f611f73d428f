/** Code blocks of a document as an application: compiled under strict settings, and run. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { rabbitUrl } from '../support/rabbitmq.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const COMPILER = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  target: 'es2023',
  module: 'nodenext',
  rootDir: '.',
  outDir: 'dist',
  types: ['node'],
};
const PACKAGES = [
  ...['typeorm', 'express', 'reflect-metadata', 'sql.js', 'class-validator', 'class-transformer', 'prom-client'],
  ...['@opentelemetry/api', '@opentelemetry/context-async-hooks', '@opentelemetry/sdk-trace-base'],
];

/** An application made of code blocks, compiled; a block that does not compile fails the test. */
export function compiled(modules: Readonly<Record<string, string>>): Application {
  const files = Object.keys(modules);
  const config = JSON.stringify({ compilerOptions: COMPILER, files });
  const app = autoClose(new Application({ 'package.json': '{"type":"module"}', 'tsconfig.json': config, ...modules }));
  app.link(...PACKAGES, '@types/node', '@types/express');
  try {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', app.folder], {
      encoding: 'utf8',
    });
  } catch (error) {
    throw new Error(`A code block does not compile:\n${(error as { stdout: string }).stdout}`);
  }
  return app;
}

/** What a compiled file prints. */
export function run(app: Application, file: string, environment: Readonly<Record<string, string>> = {}): string {
  return app.node(join('dist', file.replace(/ts$/, 'js')), { BGTASKS_URL: rabbitUrl(), ...environment });
}
