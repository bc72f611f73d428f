"""What micro_framework puts on the wire, with kombu: serves `<service>.rpc_add`, calls, publishes and listens to events.

Arguments: URL, role and names.
  serve SERVICE            prints `ready`, serves rpc_add(a, b, scale=1) and rpc_fail
  call                     reads lines `route<TAB>json` of {args, kwargs}; prints `{data, exception}`
  listen SOURCE EVENT NAME prints `ready`, then each payload as one JSON line
  publish SOURCE           reads lines `event<TAB>json`
"""
import json
import sys
import uuid

from kombu import Connection, Consumer, Exchange, Producer, Queue

url, role, *names = sys.argv[1:]
connection = Connection(url)
channel = connection.channel()
rpc = Exchange("ufw-rpc", type="topic", durable=True, auto_delete=False)


def publish(exchange, key, body, **properties):
    Producer(channel).publish(
        body, exchange=exchange, routing_key=key, serializer="json", delivery_mode=2, retry=False, **properties
    )


def drain():
    while True:
        connection.drain_events()


def serve(service):
    def on_message(payload, message):
        command = message.properties and payload
        if isinstance(payload, str):
            command = json.loads(payload)
        args, kwargs = command.get("command_args", []), command.get("command_kwargs", {})
        if command["command"] == "rpc_add":
            a, b = args
            answer = {"data": (a + b) * kwargs.get("scale", 1), "exception": None}
        else:
            error = {"exception": "ValueError", "message": "('boom', 7)", "args": ["boom", 7], "kwargs": {}, "module": None}
            answer = {"data": None, "exception": error}
        # Encoded twice, as the original does.
        publish(rpc, message.properties["reply_to"], json.dumps(answer), correlation_id=message.properties["correlation_id"])
        message.ack()

    queues = [
        Queue(f"rpc-{service}-{target}", exchange=rpc, routing_key=f"{service}.{target}", durable=True)
        for target in ("rpc_add", "rpc_fail")
    ]
    with Consumer(channel, queues=queues, callbacks=[on_message], accept=["json"]):
        print("ready", flush=True)
        drain()


def call():
    name = f"ufw-reply-{uuid.uuid4()}"
    arguments = {"x-expires": 43200000, "x-message-ttl": 86400000}
    replies = Queue(name, exchange=rpc, routing_key=name, durable=True, queue_arguments=arguments)
    answers = []

    def on_message(payload, message):
        answers.append(json.loads(payload))  # a payload that is no text ends the original's caller
        message.ack()

    with Consumer(channel, queues=[replies], callbacks=[on_message], accept=["json"]):
        for line in sys.stdin:
            route, body = line.rstrip("\n").split("\t")
            given = json.loads(body)
            command = {
                "command": route.split(".", 1)[1].removeprefix("_broadcast."),
                "command_args": given.get("args", []),
                "command_kwargs": given.get("kwargs", {}),
            }
            publish(rpc, route, command, correlation_id=str(uuid.uuid4()), reply_to=name, mandatory=True)
            while not answers:
                connection.drain_events(timeout=10)
            print(json.dumps(answers.pop()), flush=True)


def events_of(source):
    return Exchange(f"{source}.events", type="topic", durable=True, auto_delete=True)


def listen(source, event, name):
    def on_message(payload, message):
        print(json.dumps(payload), flush=True)
        message.ack()

    queue = Queue(f"{source}.{event}__{name}", exchange=events_of(source), routing_key=event, durable=True)
    with Consumer(channel, queues=[queue], callbacks=[on_message], accept=["json"]):
        print("ready", flush=True)
        drain()


def publish_events(source):
    print("ready", flush=True)
    for line in sys.stdin:
        event, body = line.rstrip("\n").split("\t")
        # The original does not declare the exchange: a listener must have done so.
        Producer(channel, auto_declare=False).publish(
            json.loads(body), exchange=f"{source}.events", routing_key=event, serializer="json", delivery_mode=2
        )
        print("sent", flush=True)


{"serve": serve, "call": call, "listen": listen, "publish": publish_events}[role](*names)
