/** `bgtasks dead`: what failed for good, and what was due when its queue was gone. */
import type { AddCommand } from '../command.js';
import { addList } from './list.js';
import { addPurge } from './purge.js';
import { addRetry } from './retry.js';
import { addShow } from './show.js';

export const deadCommand: AddCommand = (program, context) => {
  const dead = program.command('dead').description('list, show, retry and purge dead letters');
  for (const add of [addList, addShow, addRetry, addPurge]) add(dead, context);
};
