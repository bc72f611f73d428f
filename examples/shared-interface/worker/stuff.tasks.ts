/** Run with `npx bgtasks tasks worker/stuff.tasks.ts`. */
import { Stuff, serve, stuff } from '../shared/index.js';

class RealStuff extends Stuff {
  async doSomeStuff(arg: string) {
    return this.doMoreStuff(arg); // in this process: no second message
  }

  doMoreStuff(arg: string) {
    return `Doing stuff ${arg}`;
  }
}

serve(stuff, RealStuff);
