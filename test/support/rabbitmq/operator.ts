/**
 * What an operator does to a node, as `rabbitmqctl` names it, but through the console of a private node: a millisecond
 * instead of a second, and without the node being open to other Erlang nodes.
 *
 * Errors: rejects with what the node answered, for one where a queue does not exist.
 */
import type { RabbitNode } from './node.js';

export interface QueueState {
  readonly name: string;
  readonly type: 'classic' | 'quorum' | 'stream';
  readonly messages: number;
  readonly consumers: number;
}

/** Queues of the default vhost. The counts of quorum and stream queues may be seconds old. */
export async function listQueues(node: RabbitNode): Promise<readonly QueueState[]> {
  const items = '[name, type, messages, consumers]';
  const answer = await node.evaluate(`
    [iolist_to_binary(io_lib:format("~s ~s ~w ~w", [
      element(4, proplists:get_value(name, Q)),
      re:replace(atom_to_list(proplists:get_value(type, Q)), "^rabbit_(.*)_queue$", "\\\\1"),
      proplists:get_value(messages, Q), proplists:get_value(consumers, Q)
    ])) || Q <- rabbit_amqqueue:info_all(<<"/">>, ${items})]`);
  return [...answer.matchAll(/<<"(.*?) (\S+) (\S+) (\S+)">>/g)].map(([, name = '', type, messages, consumers]) => ({
    name,
    type: type as QueueState['type'],
    messages: Number(messages) || 0,
    consumers: Number(consumers) || 0,
  }));
}

/** `rabbitmqctl delete_queue`. Its consumers are told by `basic.cancel`. */
export async function deleteQueue(node: RabbitNode, name: string): Promise<void> {
  await node.evaluate(`
    {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${name}">>)),
    {ok, _} = rabbit_amqqueue:delete(Q, false, false, <<"operator">>), ok`);
}

/** `rabbitmqctl close_all_connections`: each client is told with code 320. */
export async function closeAllConnections(node: RabbitNode, reason: string): Promise<void> {
  await node.evaluate(`rabbit_networking:close_all_connections("${reason}")`);
}

/**
 * Sets or clears the memory alarm: while it is set, nothing is read of a connection that has published. The alarm itself
 * and not a low `set_vm_memory_high_watermark`, whose monitor needs /proc and looks only once a second.
 */
export async function setMemoryAlarm(node: RabbitNode, isSet: boolean): Promise<void> {
  const alarm = '{resource_limit, memory, node()}';
  await node.evaluate(isSet ? `rabbit_alarm:set_alarm({${alarm}, []})` : `rabbit_alarm:clear_alarm(${alarm})`);
  await node.evaluate('gen_event:which_handlers(rabbit_alarm)'); // it has been told by then
}

/** `rabbitmqctl stop_app`: the broker goes, its Erlang machine stays. */
export async function stopApp(node: RabbitNode): Promise<void> {
  await node.evaluate('rabbit:stop()', BOOT_TIMEOUT_MS);
}

export async function startApp(node: RabbitNode): Promise<void> {
  await node.evaluate('rabbit:start(), rabbit:await_startup()', BOOT_TIMEOUT_MS);
}

/** `rabbitmqctl join_cluster`, on a node whose broker is stopped. RabbitMQ 4 has moved it into another module. */
export async function joinCluster(node: RabbitNode, to: RabbitNode): Promise<void> {
  await node.evaluate(
    `ok = case code:ensure_loaded(rabbit_db_cluster) of
      {module, Module} -> Module:join('${to.name}', disc);
      _ -> rabbit_mnesia:join_cluster('${to.name}', disc)
    end`,
    BOOT_TIMEOUT_MS,
  );
}

const BOOT_TIMEOUT_MS = 60_000;

/** Of the default vhost, without what RabbitMQ brings itself. */
export interface Declared {
  readonly exchanges: readonly DeclaredExchange[];
  readonly queues: readonly DeclaredQueue[];
}

export interface DeclaredExchange {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface DeclaredQueue extends Omit<DeclaredExchange, 'type'> {
  readonly exclusive: boolean;
}

/** By the nodes' own functions, whose records have stayed the same from 3.10 to 4. */
export async function listDeclared(node: RabbitNode): Promise<Declared> {
  const json = await node.evaluate(`
    Table = fun(Arguments) -> maps:from_list([{Key, Value} || {Key, _, Value} <- Arguments]) end,
    Exchanges = [#{name => element(4, element(2, X)), type => element(3, X), durable => element(4, X),
      autoDelete => element(5, X), arguments => Table(element(7, X))} || X <- rabbit_exchange:list(<<"/">>)],
    Queues = [#{name => element(4, amqqueue:get_name(Q)), durable => amqqueue:is_durable(Q),
      autoDelete => amqqueue:is_auto_delete(Q), exclusive => amqqueue:get_exclusive_owner(Q) =/= none,
      arguments => Table(amqqueue:get_arguments(Q))} || Q <- rabbit_amqqueue:list(<<"/">>)],
    base64:encode(iolist_to_binary(rabbit_json:encode(#{exchanges => Exchanges, queues => Queues})))`);
  const declared = JSON.parse(Buffer.from(answerOf(json), 'base64').toString()) as Declared;
  const exchanges = declared.exchanges.filter(({ name }) => name !== '' && !name.startsWith('amq.'));
  return { exchanges: exchanges.toSorted(byName), queues: declared.queues.toSorted(byName) };
}

function answerOf(binary: string): string {
  return /^<<"(.*)">>$/s.exec(binary)?.[1] ?? '';
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}
