"""Calls tasks with Celery.

Arguments: URL and queue. Reads one JSON line per call: `{task, args, kwargs, options, wait}`; prints one JSON line: the value,
or the class and text of the exception.
"""
import json
import sys
from datetime import datetime

from celery import Celery

url, queue = sys.argv[1:]
app = Celery("client", broker=url, backend="rpc://")
app.conf.task_default_queue = queue

for line in sys.stdin:
    call = json.loads(line)
    options = call.get("options", {})
    if "expires" in options:
        options["expires"] = datetime.fromisoformat(options["expires"])
    result = app.send_task(call["task"], call.get("args"), call.get("kwargs"), **options)
    if not call.get("wait", True):
        print(json.dumps({"id": result.id}), flush=True)
        continue
    try:
        print(json.dumps({"value": result.get(timeout=15)}), flush=True)
    except Exception as error:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}), flush=True)
