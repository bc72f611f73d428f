"""Serves calls and takes jobs through aio-pika's RPC and Master patterns, with gzip(JSON) as amqp_worker has it.

Arguments: URL and the prefix of the routes. Prints `ready`, and one JSON line per job.
"""
import asyncio
import gzip
import json
import sys

import aio_pika
from aio_pika.patterns import RPC, Master


class GzipRpc(RPC):
    CONTENT_TYPE = "application/octet-stream"

    def serialize(self, data):
        return gzip.compress(json.dumps(data).encode())

    def deserialize(self, data):
        return json.loads(gzip.decompress(data))


class GzipMaster(Master):
    CONTENT_TYPE = "application/octet-stream"

    def serialize(self, data):
        return gzip.compress(json.dumps(data).encode())

    def deserialize(self, data):
        return json.loads(gzip.decompress(data))


async def echo(*, data):
    return {"success": True, "data": data}


async def fail(*, data):
    error = {"type": "ValueError", "message": "ValueError('boom')", "args": ["boom"], "trace": "Traceback"}
    return {"success": False, "error": error}


async def job(*, data):
    print(json.dumps(data), flush=True)


async def main():
    url, prefix = sys.argv[1:]
    connection = await aio_pika.connect(url)
    channel = await connection.channel()
    rpc = await GzipRpc.create(channel)
    await rpc.register(prefix + "echo", echo, auto_delete=False)
    await rpc.register(prefix + "fail", fail, auto_delete=False)
    master = GzipMaster(channel)
    await master.create_worker(prefix + "job", job, durable=True)
    print("ready", flush=True)
    await asyncio.Future()


asyncio.run(main())
