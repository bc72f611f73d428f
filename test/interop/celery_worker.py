"""A Celery worker with a few tasks, two of them as celery-abc registers methods (a bound instance, arguments by name).

Arguments: URL and queue. Prints `ready` once it consumes, and `<task> <json>` for each run.
"""
import json
import sys
import time
import warnings

warnings.simplefilter("ignore")  # that it runs as root

from celery import Celery
from celery.signals import worker_ready

url, queue = sys.argv[1:]
app = Celery("peer", broker=url, backend="rpc://")
app.conf.task_default_queue = queue
app.conf.worker_redirect_stdouts = False


def said(task, value):
    print(task, json.dumps(value), flush=True)


@app.task(name="peer.add")
def add(a, b=10):
    said("add", [a, b])
    return a + b


@app.task(name="peer.fail")
def fail():
    raise ValueError("boom", 42)


@app.task(name="peer.echo")
def echo(*args, **kwargs):
    said("echo", [args, kwargs])
    return {"args": args, "kwargs": kwargs}


@app.task(name="peer.now")
def now():
    said("now", time.time())
    return time.time()


class CalcImpl:
    def add(self, a, b):
        return self.twice(a) - a + b

    def twice(self, a):
        return 2 * a


@app.task(name="Calc.add", bind=True)
def calc_add(task, *args, **kwargs):
    return CalcImpl().add(*args, **kwargs)


@app.task(name="Calc.twice", bind=True)
def calc_twice(task, *args, **kwargs):
    return CalcImpl().twice(*args, **kwargs)


@worker_ready.connect
def ready(**_):
    print("ready", flush=True)


app.worker_main(
    ["worker", "--pool=solo", "--loglevel=CRITICAL", "--without-gossip", "--without-mingle", "--without-heartbeat", "-Q", queue]
)
