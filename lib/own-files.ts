/** Files of this package that are found by their paths. All of them here: a bundle keeps this folder, and none below it. */
export const CHILD_ENTRY = new URL('./pool-child/main.js', import.meta.url);
export const TYPESCRIPT_HOOKS = new URL('./loader/typescript-hooks.js', import.meta.url);
export const COMMAND = new URL('../commands/bin.js', import.meta.url);
export const MANIFEST = new URL('../../package.json', import.meta.url);
