"""A Celery worker whose tasks are those of klue-microservice-async: the first three arguments are its own.

Arguments: URL and queue. Prints `ready` once it consumes, and one JSON line per run: name, arguments, retries, seconds.
"""
import json
import sys
import time
import warnings

warnings.simplefilter("ignore")  # that it runs as root

from celery import Celery
from celery.signals import worker_ready

MAGIC = "PYMACARON_ALSO_WHIPS_THE_LLAMA_S"
url, queue = sys.argv[1:]
app = Celery("jobs", broker=url, backend="rpc://")
app.conf.task_default_queue = queue
app.conf.worker_redirect_stdouts = False


@app.task(name="klue.mail", bind=True)
def mail(task, *args, **kwargs):
    word, request_url, token, *rest = args
    line = {"magic": word == MAGIC, "url": request_url, "token": token, "args": rest, "kwargs": kwargs}
    print(json.dumps({**line, "at": time.time()}), flush=True)


@app.task(name="celery.job", bind=True)
def job(task, *args, **kwargs):
    request = task.request
    line = {"args": args, "kwargs": kwargs, "retries": request.retries, "eta": request.eta, "at": time.time()}
    print(json.dumps(line), flush=True)


@worker_ready.connect
def ready(**_):
    print("ready", flush=True)


app.worker_main(
    ["worker", "--pool=solo", "--loglevel=CRITICAL", "--without-gossip", "--without-mingle", "--without-heartbeat", "-Q", queue]
)
