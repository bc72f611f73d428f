"""Serves tasks as bgtasks (Python) does: transient queues without arguments, prefetch 1, reply, then ack.

Arguments: URL and the prefix of the routes. Prints one JSON line per request: its properties and its body.
"""
import json
import sys

import pika

url, prefix = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.basic_qos(prefetch_count=1)

TASKS = {
    "echo": lambda body: {"status": "success", "data": body},
    "images": lambda body: {"status": "success", "data": [{"id": pk, "path": f"/{pk}.jpg"} for pk in body]},
    "invalid": lambda body: {"status": "fail", "data": {"ids": ["This list may not be empty."]}},
    "bare": lambda body: [{"id": pk} for pk in body],
}


def on_request(name):
    def handle(channel, method, properties, body):
        parsed = json.loads(body)
        print(json.dumps({"name": name, "reply_to": properties.reply_to, "body": parsed}), flush=True)
        channel.basic_publish(
            exchange="",
            routing_key=properties.reply_to,
            properties=pika.BasicProperties(correlation_id=properties.correlation_id),
            body=json.dumps(TASKS[name](parsed)),
        )
        channel.basic_ack(delivery_tag=method.delivery_tag)

    return handle


for name in TASKS:
    channel.queue_declare(queue=prefix + name)
    channel.basic_consume(queue=prefix + name, on_message_callback=on_request(name))
print("ready", flush=True)
channel.start_consuming()
