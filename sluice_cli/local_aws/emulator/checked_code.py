"""Tries new code of a function before it replaces the old code, for `sluice watch`.

An UpdateFunctionCode with `sluice-watch` in its User-Agent first starts an execution environment with the new code: its
imports run under the function's runtime, variables and role. If that fails, the call is refused with the traceback and
the function keeps the old code. If it succeeds, that environment processes the next event.
"""

import asyncio
import base64
import copy
import json
import threading
from typing import Any
from urllib.parse import unquote

from ministack import app as ministack_app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from completing import existing

WATCH = "sluice-watch"
# Lambda's timeout for the init phase:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
INIT_SECONDS = 10.0

_worker_class = existing(lambda_runtime, "_worker_class_for")
_worker_key = existing(lambda_runtime, "_worker_key")
_plain_handler = ministack_app.SERVICE_HANDLERS["lambda"]
for _name in ("_spawn", "_drain_stderr", "kill"):
    existing(lambda_runtime.Worker, _name)


class Refused(Exception):
    """The new code does not start."""


async def _handle(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    parts = path.strip("/").split("/")
    if WATCH not in headers.get("user-agent", "") or method != "PUT" or parts[-1] != "code" or len(parts) != 4:
        return await _plain_handler(method, path, headers, body, query_params)
    name = unquote(parts[2]).rpartition(":")[2]
    function = lambda_svc._functions.get(name)
    code = json.loads(body).get("ZipFile")
    if function is None or not code or not str(function["config"].get("Runtime", "")).startswith(("python", "nodejs")):
        return await _plain_handler(method, path, headers, body, query_params)
    try:
        worker = await asyncio.to_thread(_started, name, function["config"], base64.b64decode(code))
    except Refused as error:
        said = {"__type": "InvalidParameterValueException", "message": str(error)}
        return 400, {"Content-Type": "application/json", "x-amzn-errortype": said["__type"]}, json.dumps(said).encode()
    answer = await _plain_handler(method, path, headers, body, query_params)
    if answer[0] != 200:
        worker.kill()
        return answer
    worker.config = function["config"]
    with lambda_runtime._lock:
        lambda_runtime._workers.setdefault(_worker_key(name, function["config"], "$LATEST"), []).insert(0, worker)
    return answer


def _started(name: str, config: dict[str, Any], code: bytes) -> Any:
    """An execution environment with the code, ready for an event. Raises `Refused`."""
    worker = _worker_class(config)(name, copy.deepcopy(config), code)
    late = threading.Event()

    def end() -> None:
        late.set()
        if worker._proc:
            worker._proc.kill()

    timer = threading.Timer(INIT_SECONDS, end)
    timer.start()
    try:
        worker._spawn()
    except Exception as error:
        if worker._proc:
            worker._proc.kill()
        if late.is_set():
            raise Refused(f"importing the code did not end within {INIT_SECONDS:.0f} s") from error
        if worker._stderr_thread:
            worker._stderr_thread.join(1)
        raise Refused(worker._drain_stderr() or str(error)) from error
    finally:
        timer.cancel()
        if not worker._start_time:
            worker.kill()
    worker._cold = False
    return worker


ministack_app.SERVICE_HANDLERS["lambda"] = _handle
