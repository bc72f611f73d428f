/**
 * A line into the Erlang virtual machine of a node, over its standard input: `rabbitmqctl eval` in a millisecond,
 * without a second virtual machine, a cookie or epmd.
 *
 * It is also how a node learns that the test process is gone. However that ended (exit, SIGINT, SIGKILL), the pipe
 * closes, and the node deletes its folder and halts: nothing in the test process has to run for that.
 *
 * Shape:  one line `<id> <expressions>` in, one line `<mark> <id> {ok, Value} | {error, Reason}` out, in any order.
 * Units:  `timeoutMs` is milliseconds.
 * Errors: rejects for an expression that throws, when no answer comes in time, and when the node ends first.
 */
import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const MARK = 'bgtasks-answer';
const ANSWER = new RegExp(`^${MARK} (\\d+) \\{(ok|error),(.*)\\}$`);

/** Names the folder that the node deletes as it halts. */
export const FOLDER_VARIABLE = 'BGTASKS_TEST_FOLDER';

/** Each line is evaluated in a process of its own, so that the end of the input is seen while one still runs. */
const PROGRAM = `
  os:unsetenv("ERL_AFLAGS"),
  Answer = fun(Id, Text) ->
    Result = try
      {ok, Tokens, _} = erl_scan:string(Text),
      {ok, Expressions} = erl_parse:parse_exprs(Tokens),
      {value, Value, _} = erl_eval:exprs(Expressions, []),
      {ok, Value}
    catch _:Reason -> {error, Reason} end,
    io:format(user, "~n${MARK} ~s ~0p~n", [Id, Result])
  end,
  Leave = fun() ->
    case os:getenv("${FOLDER_VARIABLE}") of
      false -> ok;
      Folder -> [file:del_dir_r(Folder) || _ <- [1, 2, 3]]
    end,
    erlang:halt(0, [{flush, false}])
  end,
  Listen = fun Listen() ->
    case io:get_line(user, "") of
      [_ | _] = Line ->
        [Id, Text] = string:split(Line, " "),
        spawn(fun() -> Answer(Id, Text) end),
        Listen();
      _ -> Leave()
    end
  end,
  spawn(Listen).`;

/**
 * For the environment of `rabbitmq-server`. These flags stand before RabbitMQ's own, so the console listens before the
 * boot begins: that blocks on its banner once nobody reads it. The program takes the variable away again from each `erl`
 * that the node starts, which would otherwise see the end of its own input, and delete the folder.
 */
export const CONSOLE_ENV = {
  ERL_AFLAGS: `-noshell -eval '${PROGRAM.replace(/\s+/g, ' ').trim()}'`,
  RABBITMQ_ALLOW_INPUT: '1', // else the script closes the input
} as const;

interface Waiting {
  resolve(value: string): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

export class ErlangConsole {
  /** The end of what the node wrote, for an error message. */
  readonly output: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<boolean>;
  readonly #waiting = new Map<string, Waiting>();
  #hasEnded = false;
  #lastId = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
    // A write to a node that has just ended: `#ended` tells.
    child.stdin?.on('error', () => {});
    child.once('error', (error) => this.output.push(String(error)));
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        this.#hasEnded = true;
        for (const id of [...this.#waiting.keys()]) this.#fail(id, 'the node ended');
        resolve(true);
      });
    });
    // A node that somebody forgot must not keep the test process alive: when that exits, the node does.
    child.unref();
    for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
  }

  /** Evaluates Erlang expressions in the node; resolves with the last one's value as Erlang writes it. */
  evaluate(expressions: string, timeoutMs = 10_000): Promise<string> {
    if (this.#hasEnded) return Promise.reject(new Error('the node has ended'));
    const id = String(++this.#lastId);
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(id, `no answer within ${timeoutMs} ms to ${expressions}`), timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#child.stdin?.write(`${id} ${expressions.replace(/\s+/g, ' ').replace(/\.?\s*$/, '.')}\n`);
    });
  }

  /** Ends the input: the node deletes its folder and halts. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  /** Whether the node ends within `timeoutMs`. The timer also keeps the process alive, which the node does not. */
  async ends(timeoutMs = 10_000): Promise<boolean> {
    const waited = new AbortController();
    const late = sleep(timeoutMs, false, { signal: waited.signal }).catch(() => false);
    const ended = await Promise.race([this.#ended, late]);
    waited.abort();
    return ended;
  }

  #read(line: string): void {
    const [, id, result, value] = ANSWER.exec(line) ?? [];
    if (id === undefined || value === undefined) {
      this.output.push(line);
      if (this.output.length > 100) this.output.shift();
    } else if (result === 'ok') {
      this.#take(id)?.resolve(value);
    } else {
      this.#fail(id, value);
    }
  }

  #fail(id: string, reason: string): void {
    this.#take(id)?.reject(new Error(reason));
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
