/** The interface. Both sides import this package; the caller imports nothing else. */
import { contract } from 'bgtasks';

export abstract class Stuff {
  abstract doSomeStuff(arg: string): Promise<string>;
  abstract doMoreStuff(arg: string): string;
}

/** What travels: the name, the methods, the names of their arguments. */
export const stuff = contract(Stuff, 'Stuff', { doSomeStuff: ['arg'], doMoreStuff: ['arg'] });
