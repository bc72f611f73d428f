"""Calls `a-route` with pika: a body is gzip(JSON) of {"data": ...}, and so is the answer."""
import gzip
import json
import os
import uuid

import pika

credentials = pika.PlainCredentials(
    os.environ.get("RABBITMQ_DEFAULT_USER", "guest"), os.environ.get("RABBITMQ_DEFAULT_PASS", "guest")
)
parameters = pika.ConnectionParameters(
    os.environ.get("RABBITMQ_HOST", "localhost"), int(os.environ.get("RABBITMQ_PORT", 5672)), "/", credentials
)
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
replies = channel.queue_declare("", exclusive=True).method.queue
channel.basic_publish(
    "",
    "a-route",
    gzip.compress(json.dumps({"data": "a message"}).encode()),
    pika.BasicProperties(reply_to=replies, correlation_id=str(uuid.uuid4())),
)
for _method, _properties, body in channel.consume(replies, auto_ack=True, inactivity_timeout=10):
    print(json.dumps(json.loads(gzip.decompress(body))) if body else "no answer")
    break
connection.close()
