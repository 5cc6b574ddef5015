"""Function processes that are killed right after one of their AWS calls: the call has taken effect, and the function
never learns of it. For tests of what a retry does.

`POST /_sluice/crashes?function=NAME&after=s3:PutObject` prepares one crash and gives its number; with `&on=ARN` after a
call on that resource only. `GET /_sluice/crashes` gives the numbers of those that have happened.
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
_prepared: dict[int, tuple[str, str, str]] = {}  # function, action, and the resource's ARN or any
_happened: list[int] = []
# The actions that IAM allowed for the current request.
Calls = list[tuple[str, str]]  # action and resource
_calls: contextvars.ContextVar[Calls | None] = contextvars.ContextVar("calls in the request", default=None)


def _enforce(
    access_key_id: str, iam_action: str, service: str, region: str, resource_arn: str = "*", *others: Any, **more: Any
) -> Any:
    calls = _calls.get()
    if calls is not None:
        calls.append((iam_action, resource_arn))
    return _plain_enforce(access_key_id, iam_action, service, region, resource_arn, *others, **more)


def _invoke(worker: Any, *arguments: Any, **options: Any) -> Any:
    run = invocations.current.get()
    if run is not None:
        run.worker = worker
    return _plain_invoke(worker, *arguments, **options)


def _crash_after(calls: Calls) -> None:
    run = invocations.caller()
    if run is None or run.worker is None:
        return
    with _lock:
        due = next(
            (
                number
                for number, (name, after, on) in _prepared.items()
                if name == run.function and any(action == after and on in ("", arn) for action, arn in calls)
            ),
            0,
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
        _prepared[number] = (given["function"][0], given["after"][0], given.get("on", [""])[0])
    return {"number": number}


def served(application: Any) -> Any:
    """The ASGI application, with the endpoint that prepares crashes and the crashes themselves."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not _prepared:
            await application(scope, receive, send)
            return
        calls: Calls = []
        _calls.set(calls)

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                _crash_after(calls)
            await send(message)

        await application(scope, receive, answer)

    listed = serving(app, "GET", PATH, lambda _: {"happened": _happened})
    return serving(listed, "POST", PATH, _prepare)


iam_evaluator.enforce = _enforce
lambda_runtime.Worker.invoke = _invoke
