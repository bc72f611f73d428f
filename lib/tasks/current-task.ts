import { currentScope } from '../scope.js';
import type { TaskContext } from './task.js';

/**
 * The context of the handler that runs, for handlers that get their arguments by position; undefined outside of any.
 * `currentTask()?.signal` is what others find in their second argument.
 */
export function currentTask(): TaskContext | undefined {
  return currentScope()?.task as TaskContext | undefined;
}
