/** Class instances as plain data and back, by what class-transformer was told of their classes: an optional peer. */
import { BgTasksError, messageOf } from '../errors.js';
import type { Transformer } from '../tasks/instances.js';

export async function loadTransformer(): Promise<Transformer> {
  try {
    const { instanceToPlain, plainToInstance } = await import('class-transformer');
    return {
      toPlain: (instance) => instanceToPlain(instance),
      toInstance: (type, plain) => plainToInstance(type as new () => object, plain),
    };
  } catch (error) {
    const message = `"classes" of an async task need class-transformer: npm install class-transformer (${messageOf(error)})`;
    throw new BgTasksError('MISSING_PEER', message, {}, { cause: error });
  }
}
