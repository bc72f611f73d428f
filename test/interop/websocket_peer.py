"""What micro_framework puts on a WebSocket: commands as JSON text, answers in order, a socket per call.

Arguments: role, and the port of a server.
  serve        prints its port; serves py_join(a, b, sep), py_fail, py_nan and py_busy (busy at first)
  call PORT    reads lines of JSON, a list of texts each; sends them on one socket, prints the answers, or `closed CODE`
"""
import asyncio
import json
import sys

import websockets

role, *names = sys.argv[1:]
asked = 0


def error(name, message, module=None):
    exception = {"exception": name, "message": message, "args": [message], "kwargs": {}, "module": module}
    return json.dumps({"data": None, "exception": exception})


def join(a, b, sep=" - "):
    return f"{a}{sep}{b}"


def answer(text):
    global asked
    command = json.loads(text)
    if set(command) - {"command", "command_args", "command_kwargs"}:
        return error("ValueError", f"not as the original sends it: {sorted(command)}")
    args, kwargs = command.get("command_args", []), command.get("command_kwargs", {})
    if command["command"] == "__list_targets__":
        data = [{"target": "py_join", "args": ["a", "b"], "kwargs": ["sep"], "docstring": "Joins."}]
    elif command["command"] == "py_join":
        data = join(*args, **kwargs)
    elif command["command"] == "py_fail":
        return error("ValueError", "boom")
    elif command["command"] == "py_nan":
        data = float("nan")
    elif command["command"] == "py_busy":
        asked += 1
        if asked == 1:
            return error("MaxConnectionsReached", "No Available Workers", "micro_framework.exceptions")
        data = "at last"
    else:
        message = f"{command['command']} does not exist or is not exposed through a RPC method."
        return error("RPCTargetDoesNotExist", message, "micro_framework.exceptions")
    return json.dumps({"data": data, "exception": None})


async def handle(socket, _path=None):
    async for text in socket:
        await socket.send(answer(text))


async def serve():
    async with websockets.serve(handle, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


async def exchange(port, texts):
    async with websockets.connect(f"ws://127.0.0.1:{port}") as socket:
        for text in texts:
            await socket.send(text)
        try:
            return [json.loads(await socket.recv()) for _ in texts]
        except websockets.ConnectionClosed as closed:
            return f"closed {closed.code}"


def call(port):
    for line in sys.stdin:
        print(json.dumps(asyncio.run(exchange(port, json.loads(line)))), flush=True)


if role == "serve":
    asyncio.run(serve())
else:
    call(*names)
