/**
 * Class instances as arguments: each of a registered class travels as its plain form with the name of the class, in lists,
 * in objects and within one another.
 *
 * Errors: `USAGE` for an instance of another class: it would arrive as something else. `BAD_BODY` for what is nested too
 *         deep: the stack of the process is not for messages to use up.
 */
import { BgTasksError, preview } from '../errors.js';
import type { ArgumentClass } from './async-task.js';

/** What class-transformer does; supplied by its adapter. */
export interface Transformer {
  toPlain(instance: object): Record<string, unknown>;
  toInstance(type: ArgumentClass, plain: object): object;
}

export type LoadTransformer = () => Promise<Transformer>;

export interface Instances {
  write(args: readonly unknown[]): Promise<readonly unknown[]>;
  read(args: readonly unknown[]): Promise<readonly unknown[]>;
}

const CLASS = '__bgtasks_class';
const MAX_DEPTH = 100;

type Members = Record<string, unknown>;

export function instancesOf(route: string, classes: readonly ArgumentClass[], load: LoadTransformer): Instances {
  const byName = new Map(classes.map((type) => [type.name, type]));
  if (byName.size < classes.length || byName.has('')) {
    const names = classes.map(({ name }) => name || 'a class without one').join(', ');
    throw new BgTasksError('INVALID_TASK', `Task "${route}": "classes" must have names, each another one: ${names}.`);
  }
  if (classes.length === 0) {
    const write = async (args: readonly unknown[]) => new Writer(route, byName, NO_TRANSFORMER).list(args, 0);
    return { write, read: async (args) => args };
  }
  return {
    write: async (args) => new Writer(route, byName, await load()).list(args, 0),
    read: async (args) => new Reader(byName, await load()).list(args, 0),
  };
}

/** Never called: there is no class to ask it about. */
const NO_TRANSFORMER = {} as Transformer;

class Writer {
  readonly #route: string;
  readonly #classes: ReadonlyMap<string, ArgumentClass>;
  readonly #transformer: Transformer;

  constructor(route: string, classes: ReadonlyMap<string, ArgumentClass>, transformer: Transformer) {
    this.#route = route;
    this.#classes = classes;
    this.#transformer = transformer;
  }

  list(list: readonly unknown[], depth: number): unknown[] {
    return list.map((item) => this.#value(item, depth + 1));
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    checkDepth(depth);
    if (Array.isArray(value)) return this.list(value, depth);
    if (this.#typeOf(value)) return this.#instance(value, depth);
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value;
    if (!isPlain(value)) throw this.#unregistered(value);
    if (Object.hasOwn(value, CLASS)) {
      throw new BgTasksError('USAGE', `An argument of "${this.#route}" has the property "${CLASS}", which is ours.`);
    }
    return mapped(value, (item) => this.#value(item, depth + 1));
  }

  /** Decorators say what of it travels. Registered instances within it travel as such, whether or not it has a `@Type`. */
  #instance(value: object, depth: number): Members {
    const plain = this.#transformer.toPlain(value);
    for (const [key, member] of Object.entries(value)) {
      if (!Object.hasOwn(plain, key) || typeof member !== 'object' || member === null) continue;
      if (this.#holdsRegistered(member, depth)) plain[key] = this.#value(member, depth + 1);
      else this.#checkComesBack(value, plain, key, member);
    }
    return { [CLASS]: value.constructor.name, ...plain };
  }

  #holdsRegistered(value: unknown, depth: number): boolean {
    if (typeof value !== 'object' || value === null) return false;
    checkDepth(depth);
    if (this.#typeOf(value)) return true;
    if (!Array.isArray(value) && !isPlain(value)) return false;
    return Object.values(value).some((member) => this.#holdsRegistered(member, depth + 1));
  }

  /** A member of another class is brought back where its decorator names that (`@Type`). */
  #checkComesBack(owner: object, plain: Members, key: string, member: object): void {
    if (Array.isArray(member) || isPlain(member) || member instanceof Date) return;
    const back = this.#transformer.toInstance(owner.constructor as ArgumentClass, plain) as Members;
    if (back[key]?.constructor !== member.constructor) throw this.#unregistered(member);
  }

  #typeOf(value: object): ArgumentClass | undefined {
    const type = this.#classes.get(value.constructor?.name);
    return type === value.constructor ? type : undefined;
  }

  #unregistered(value: object): BgTasksError {
    const { name = 'a class without a name' } = value.constructor ?? {};
    const message = `An argument of "${this.#route}" is an instance of "${name}", which would not arrive as one: add it to "classes" of the task, or send plain data.`;
    return new BgTasksError('USAGE', message, { route: this.#route, class: name });
  }
}

class Reader {
  readonly #classes: ReadonlyMap<string, ArgumentClass>;
  readonly #transformer: Transformer;

  constructor(classes: ReadonlyMap<string, ArgumentClass>, transformer: Transformer) {
    this.#classes = classes;
    this.#transformer = transformer;
  }

  list(list: readonly unknown[], depth: number): unknown[] {
    return list.map((item) => this.#value(item, depth + 1));
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    checkDepth(depth);
    if (Array.isArray(value)) return this.list(value, depth);
    if (!Object.hasOwn(value, CLASS)) return mapped(value, (item) => this.#value(item, depth + 1));
    const { [CLASS]: name, ...plain } = value as Members;
    const type = typeof name === 'string' ? this.#classes.get(name) : undefined;
    if (type) return this.#instance(type, plain, depth);
    throw new BgTasksError(
      'BAD_BODY',
      `An argument is an instance of ${preview(name)}, which this task does not know.`,
    );
  }

  /** What was written as an instance of its own is put back as one, past the decorators of its owner. */
  #instance(type: ArgumentClass, plain: Members, depth: number): object {
    const own = Object.entries(plain).filter(([, member]) => !holdsClass(member, depth));
    const others = Object.entries(plain).filter(([, member]) => holdsClass(member, depth));
    const instance = this.#transformer.toInstance(type, Object.fromEntries(own));
    for (const [key, member] of others) (instance as Members)[key] = this.#value(member, depth + 1);
    return instance;
  }
}

function holdsClass(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  checkDepth(depth);
  return Object.hasOwn(value, CLASS) || Object.values(value).some((member) => holdsClass(member, depth + 1));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function mapped(value: object, change: (item: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]));
}

function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return;
  throw new BgTasksError('BAD_BODY', `Arguments may be nested ${MAX_DEPTH} deep, and no deeper.`);
}
