/**
 * Refused input, as a tree shaped like the input (Django REST framework's `ValidationError`).
 *
 * Shape:  a leaf is a list of `{ message, code }`; a branch is an object by field name or by index.
 *         `messages` is the same tree with the texts alone: what an HTTP client gets.
 */
import { BgTasksError, preview } from './errors.js';
import { setOwn } from './own.js';

export interface ErrorDetail {
  readonly message: string;
  readonly code: string;
}

export type ErrorTree = readonly ErrorDetail[] | { readonly [key: string]: ErrorTree };
export type MessageTree = string[] | { [key: string]: MessageTree };

/** What a validator may throw: a text, a list of texts, or an object by field name. */
export type ErrorInput = string | ErrorDetail | readonly ErrorInput[] | { readonly [key: string]: ErrorInput };

/** The key of errors that belong to no field, as in Django REST framework. */
export const NON_FIELD_ERRORS = 'non_field_errors';

export class ValidationError extends BgTasksError {
  declare readonly code: 'VALIDATION';
  readonly errors: ErrorTree;

  /** `new ValidationError('Too long.', 'max_length')`, or `{ name: 'Too long.' }`. The code defaults to `invalid`. */
  constructor(errors: ErrorInput, code = 'invalid') {
    const tree = toTree(errors, code);
    super('VALIDATION', `The input is not valid: ${preview(toMessages(tree))}`);
    this.errors = tree;
  }

  get messages(): MessageTree {
    return toMessages(this.errors);
  }

  /** The tree with every leaf below a key: a bare list belongs to no field. */
  get byField(): Record<string, MessageTree> {
    const messages = this.messages;
    return Array.isArray(messages) ? { [NON_FIELD_ERRORS]: messages } : messages;
  }
}

function toTree(input: ErrorInput, code: string): ErrorTree {
  if (typeof input === 'string') return [{ message: input, code }];
  if (isDetail(input)) return [input];
  if (Array.isArray(input)) return listToTree(input, code);
  const branches = Object.entries(input as Record<string, ErrorInput>);
  return Object.fromEntries(branches.map(([key, value]) => [key, toTree(value, code)]));
}

/** Texts make one leaf; a list with trees in it, one for each item, is a tree by index without those that hold nothing. */
function listToTree(input: readonly ErrorInput[], code: string): ErrorTree {
  const items = input.map((item) => toTree(item, code));
  if (items.every(isLeaf)) return items.flat();
  return Object.fromEntries(items.flatMap((item, index) => (Object.keys(item).length > 0 ? [[index, item]] : [])));
}

function isLeaf(tree: ErrorTree): tree is readonly ErrorDetail[] {
  return Array.isArray(tree);
}

function isDetail(input: object): input is ErrorDetail {
  const { message, code } = input as Partial<ErrorDetail>;
  return typeof message === 'string' && typeof code === 'string';
}

export function toMessages(tree: ErrorTree): MessageTree {
  if (isLeaf(tree)) return tree.map(({ message }) => message);
  const messages: { [key: string]: MessageTree } = {};
  for (const key of Object.keys(tree)) setOwn(messages, key, toMessages(tree[key] as ErrorTree));
  return messages;
}
