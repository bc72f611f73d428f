/**
 * TypeScript to JavaScript, one file at a time, with the decorator metadata that TypeORM columns rely on.
 *
 * Rules:  legacy decorators (`experimentalDecorators`) with `emitDecoratorMetadata`; no tsconfig.json is read. Fields
 *         are assigned, as with `useDefineForClassFields: false`: a field without a value leaves no property, and
 *         parameter properties are there before the initialisers run. Types are not checked; `paths` are not known.
 * Limits: those of `isolatedModules`. Export types with `export type`. A type alias of a primitive (`type Id = number`)
 *         is `Object` in the metadata, so give such a column its type. An import that is used as a type alone is left
 *         out, except where metadata names it: the module is loaded then, so use `import type` for what exists in a
 *         `.d.ts` file alone.
 * Errors: SyntaxError, its stack beginning with file, line and source as V8 writes it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';
import type * as Swc from '@swc/core';
import type { ModuleKind } from './typescript-files.js';
import { relaxMetadata } from './typescript-metadata.js';

/** Reads and compiles a file; the source map is inline. */
export type Compile = (file: string, kind: ModuleKind) => string;

/** `swcPath`: the entry file of the application's @swc/core. It is loaded by the first compilation, in some 25 ms. */
export function compilerFrom(swcPath: string): Compile {
  let swc: typeof Swc | undefined;
  return (file, kind) => {
    swc ??= createRequire(import.meta.url)(swcPath) as typeof Swc;
    return compile(swc, file, kind);
  };
}

function compile(swc: typeof Swc, file: string, kind: ModuleKind): string {
  const source = readFileSync(file, 'utf8');
  const transform = (decoratorMetadata: boolean) => {
    try {
      return swc.transformSync(source, optionsFor(file, kind, decoratorMetadata));
    } catch (error) {
      throw syntaxError(error, file, source);
    }
  };
  const { code, map } = transform(true);
  const ready = relaxMetadata(code, kind, () => transform(false).code) + (kind === 'commonjs' ? INTEROP : '');
  return `${ready}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map ?? '').toString('base64')}\n`;
}

function optionsFor(file: string, kind: ModuleKind, decoratorMetadata: boolean): Swc.Options {
  return {
    filename: file,
    swcrc: false,
    configFile: false,
    sourceMaps: true,
    // A CommonJS file without import and export is a script: it may set `module.exports`.
    isModule: kind === 'module' ? true : 'unknown',
    // The annotation lists the exported names; commonjs-facade.ts reads it.
    module: kind === 'module' ? { type: 'nodenext' } : { type: 'commonjs', exportInteropAnnotation: true },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      keepClassNames: true,
      experimental: { keepImportAttributes: true },
      transform: { legacyDecorator: true, decoratorMetadata, useDefineForClassFields: false },
    },
  };
}

/**
 * Replaces swc's helper of the same name (the last of two function declarations counts). `import * as express` has to
 * be callable, as it is for tsc without `esModuleInterop`, and `import express, { Router }` has to work as well.
 */
const INTEROP = `
function _interop_require_wildcard(exported) {
  if (exported && exported.__esModule) return exported;
  if (typeof exported === 'function') return new Proxy(exported, { get: (from, key) => key === 'default' ? from : Reflect.get(from, key) });
  const own = typeof exported === 'object' && exported !== null ? Object.getOwnPropertyDescriptors(exported) : {};
  return Object.create(null, { ...own, default: { value: exported, enumerable: true } });
}`;

/** swc reports `x Expression expected` and, below it, a frame with `[file:line:column]`. */
function syntaxError(thrown: unknown, file: string, source: string): SyntaxError {
  const report = stripVTControlCharacters(thrown instanceof Error ? thrown.message : String(thrown));
  // Without the list of all that might have been expected, and without a stack in native code.
  const message = (/^\s*(?:[x×] )?(.+)/.exec(report)?.[1] ?? report).replace(/\. Expected .+,.+/, '');
  const error = new SyntaxError(message);
  const line = Number(/\[.+:(\d+):\d+\]/.exec(report)?.[1] ?? 0);
  if (line > 0) error.stack = `${file}:${line}\n${source.split('\n')[line - 1]}\n\nSyntaxError: ${message}`;
  return error;
}
