"""Calls routes through aio-pika's RPC pattern with gzip(JSON), and sends jobs through its Master.

Argument: URL. Reads lines `call|job<TAB>route<TAB>json`; prints one JSON line per line.
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


async def main():
    connection = await aio_pika.connect(sys.argv[1])
    channel = await connection.channel()
    rpc = await GzipRpc.create(channel)
    master = GzipMaster(channel)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        kind, route, body = line.rstrip("\n").split("\t")
        try:
            if kind == "job":
                await master.create_task(route, kwargs={"data": json.loads(body)})
                print(json.dumps("sent"), flush=True)
            else:
                answer = await asyncio.wait_for(rpc.call(route, kwargs={"data": json.loads(body)}), 10)
                print(json.dumps(answer), flush=True)
        except Exception as error:
            print(json.dumps({"error": type(error).__name__}), flush=True)


asyncio.run(main())
