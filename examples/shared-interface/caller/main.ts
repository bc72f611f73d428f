/** A plain script that knows the interface alone. */
import { remote, service, stuff } from '../shared/index.js';

const there = remote(stuff);
await there.verify(); // both sides have the same methods
console.log(await there.doSomeStuff('Hello!'));
await service.close();
