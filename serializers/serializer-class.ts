/** A task handler that is given a valid serializer: `rpcTask('images.get')(serializerClass()(async (serializer) => ...))`. */
import { type Fail, fail } from '../lib/envelope.js';
import type { BodyErrors } from '../lib/schema.js';
import type { TaskContext } from '../lib/tasks/task.js';
import { IdsSerializer } from './ids.js';
import type { ListSerializer } from './list.js';
import type { AnySerializer, ClassOf } from './types.js';

type Given<S extends ClassOf<AnySerializer>, M> = M extends true ? ListSerializer<InstanceType<S>> : InstanceType<S>;
type HandlerOf<S extends ClassOf<AnySerializer>, M, A> = (serializer: Given<S, M>, context: TaskContext) => A;

/** Wraps a handler: it is called with a serializer whose data is valid; other bodies are answered with `fail(errors)`. */
export function serializerClass<
  S extends ClassOf<AnySerializer> = typeof IdsSerializer,
  const M extends boolean = false,
>(type?: S, { many }: { readonly many?: M } = {}) {
  const Type = (type ?? IdsSerializer) as unknown as S & { many(rows: null, options: { data: unknown }): unknown };
  return <A>(handler: HandlerOf<S, M, A>) =>
    async (body: unknown, context: TaskContext): Promise<Awaited<A> | Fail<BodyErrors>> => {
      const serializer = (many ? Type.many(null, { data: body }) : new Type(undefined, { data: body })) as Given<S, M>;
      if (!(await serializer.isValid())) return fail(serializer.errors as BodyErrors);
      return await handler(serializer, context);
    };
}
