"""Function processes that are killed right after one of their AWS calls: the call has taken effect, and the function
never learns of it. For tests of what a retry does.

`POST /_sluice/crashes?function=NAME&after=s3:PutObject` prepares one crash and gives its number; `GET /_sluice/crashes`
gives the numbers of those that have happened.
"""

import contextvars
import threading
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_evaluator, lambda_runtime

import invocations
from completing import existing
from own_paths import serving

PATH = "/_sluice/crashes"

_plain_enforce = existing(iam_evaluator, "enforce")
_plain_invoke = existing(lambda_runtime.Worker, "invoke")
_lock = threading.Lock()
_numbers = count(1)
_prepared: dict[int, tuple[str, str]] = {}
_happened: list[int] = []
# What the request that is answered was allowed to do.
_actions: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("actions of the request", default=None)


def _enforce(access_key_id: str, iam_action: str, *arguments: Any, **options: Any) -> Any:
    actions = _actions.get()
    if actions is not None:
        actions.append(iam_action)
    return _plain_enforce(access_key_id, iam_action, *arguments, **options)


def _invoke(worker: Any, *arguments: Any, **options: Any) -> Any:
    run = invocations.current.get()
    if run is not None:
        run.worker = worker
    return _plain_invoke(worker, *arguments, **options)


def _crash_after(actions: list[str]) -> None:
    run = invocations.caller()
    if run is None or run.worker is None:
        return
    with _lock:
        due = next(
            (number for number, (name, after) in _prepared.items() if name == run.function and after in actions), 0
        )
        if not due:
            return
        del _prepared[due]
        _happened.append(due)
    run.log_lines.append(f"RequestId: {run.request_id} Error: Runtime exited with error: signal: killed")
    run.worker._proc.kill()


def _prepare(query: bytes) -> dict[str, int]:
    given = parse_qs(query.decode())
    with _lock:
        number = next(_numbers)
        _prepared[number] = (given["function"][0], given["after"][0])
    return {"number": number}


def served(application: Any) -> Any:
    """The ASGI application, which also prepares crashes and carries them out."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not _prepared:
            await application(scope, receive, send)
            return
        actions: list[str] = []
        _actions.set(actions)

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                _crash_after(actions)
            await send(message)

        await application(scope, receive, answer)

    listed = serving(app, "GET", PATH, lambda _: {"happened": _happened})
    return serving(listed, "POST", PATH, _prepare)


iam_evaluator.enforce = _enforce
lambda_runtime.Worker.invoke = _invoke
