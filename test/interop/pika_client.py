"""Calls tasks as a service written with plain pika does: only correlation_id and reply_to, one reply queue per call.

Reads lines `route<TAB>body` (raw bytes of the body, as text) from standard input; prints one JSON line per reply:
the properties that were set and the body.
"""
import json
import sys
import uuid

import pika

connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()

for line in sys.stdin:
    route, body = line.rstrip("\n").split("\t")
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    correlation_id = str(uuid.uuid4())
    channel.basic_publish(
        exchange="",
        routing_key=route,
        properties=pika.BasicProperties(reply_to=queue, correlation_id=correlation_id),
        body=body,
    )
    for _method, properties, reply in channel.consume(queue, auto_ack=True, inactivity_timeout=10):
        if properties is None:
            print(json.dumps({"timeout": True}), flush=True)
        else:
            assert properties.correlation_id == correlation_id
            print(json.dumps({"headers": properties.headers, "body": json.loads(reply)}), flush=True)
        break
    channel.cancel()

connection.close()
