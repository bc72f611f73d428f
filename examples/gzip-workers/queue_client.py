"""Sends a message to `a-queue` with pika: gzip of the bare JSON value."""
import gzip
import json
import os

import pika

credentials = pika.PlainCredentials(
    os.environ.get("RABBITMQ_DEFAULT_USER", "guest"), os.environ.get("RABBITMQ_DEFAULT_PASS", "guest")
)
parameters = pika.ConnectionParameters(
    os.environ.get("RABBITMQ_HOST", "localhost"), int(os.environ.get("RABBITMQ_PORT", 5672)), "/", credentials
)
connection = pika.BlockingConnection(parameters)
connection.channel().basic_publish("", "a-queue", gzip.compress(json.dumps("a test message").encode()))
connection.close()
