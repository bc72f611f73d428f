"""Jobs as bgtasks (Python) has them: the topic exchange `default`, neither durable nor with properties.

Arguments: URL and role.
  work ROUTE...   declares the queue `default` and binds it; prints `ready`, then `key<TAB>properties<TAB>body` per job. Ends at
                  a key that it does not know, as the original does.
  send            reads lines `route<TAB>body`; prints `sent`
"""
import json
import sys

import pika

url, role, *routes = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.exchange_declare("default", exchange_type="topic")


def on_job(_channel, method, properties, body):
    if method.routing_key not in routes:
        raise KeyError(method.routing_key)
    print(f"{method.routing_key}\t{json.dumps(json.loads(body))}", flush=True)


if role == "work":
    channel.queue_declare("default")
    for route in routes:
        channel.queue_bind("default", "default", route)
    channel.basic_consume("default", on_job, auto_ack=True)
    print("ready", flush=True)
    channel.start_consuming()
else:
    for line in sys.stdin:
        route, body = line.rstrip("\n").split("\t")
        channel.basic_publish("default", route, body)
        print("sent", flush=True)
