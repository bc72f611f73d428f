export { findConfig, findTaskModules } from './find-modules.js';
export { loadModules } from './load-modules.js';
export { registerTypeScript } from './typescript.js';
