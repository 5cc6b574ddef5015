"""What happens on the local AWS, kept for the console: objects, functions' runs, rows, messages, alarms and refusals.

`GET /_sluice/happenings?server=ID&after=NUMBER&wait=SECONDS` gives those with a higher number, and waits for the first
one; who names another server's id, or none, gets all at once.
The last 10,000 are kept. What each happening used and made is named by *things*: `["object", BUCKET, KEY, VERSION]`,
`["row", TABLE ARN, KEY]`, `["message", ID]`, `["run", REQUEST ID]`, `["request", ID]`, `["event", ID]`,
`["alarm", ARN]`. A thing that is made by one happening and used by another connects the two.
"""

import asyncio
import contextlib
import contextvars
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import invocations
from own_paths import answer

PATH = "/_sluice/happenings"
KEPT = 10_000
MOST_OF_AN_ANSWER = 1_000
LONGEST_TEXT = 1_000
LONGEST_WAIT_SECONDS = 25.0
LOOK_EVERY_SECONDS = 0.03

Thing = tuple[str, ...]

SERVER = uuid.uuid4().hex  # numbers begin anew with each server
_kept: deque[dict[str, Any]] = deque(maxlen=KEPT)
_numbers = count(1)
_lock = threading.Lock()
# The cause of the deliveries in this context.
_cause: contextvars.ContextVar[Thing | None] = contextvars.ContextVar("cause of what happens", default=None)


def record(
    kind: str,
    arn: str,
    title: str,
    *,
    used: tuple[Thing, ...] = (),
    made: tuple[Thing, ...] = (),
    run: Any = None,
    **details: Any,
) -> None:
    """Record a happening at a resource. `run` is the function's run that it belongs to (default: the calling one)."""
    cause = _cause.get()
    # What an alarm sends belongs to no run, though it is sent while one ends.
    of_alarm = cause is not None and cause[0] == "alarm"
    run = run or (None if of_alarm else invocations.current.get() or invocations.caller())
    trace_id = run.trace_id if run else "" if of_alarm else invocations.trace_id_of_request()
    causes: list[Thing] = [cause] if cause else [("run", run.request_id)] if run else []
    happening = {
        "time": time.time(),
        "kind": kind,
        "arn": arn,
        "title": title[:LONGEST_TEXT],
        "run": run.request_id if run else None,
        "function": run.arn if run else None,
        "trace_id": trace_id or None,
        "used": [one for one in dict.fromkeys((*causes, *used)) if one not in made],
        "made": made,
        **{name: one[:LONGEST_TEXT] if isinstance(one, str) else one for name, one in details.items()},
    }
    with _lock:
        _kept.append({"number": next(_numbers), **happening})


@contextlib.contextmanager
def caused_by(thing: Thing) -> Iterator[None]:
    """Sets the cause of all happenings recorded within, in this context."""
    before = _cause.set(thing)
    try:
        yield
    finally:
        _cause.reset(before)


def cause() -> Thing | None:
    """The cause of happenings recorded now."""
    return _cause.get()


def _after(number: int) -> dict[str, Any]:
    with _lock:
        last = _kept[-1]["number"] if _kept else 0
        # From the end: callers have read most of the list before.
        new: list[dict[str, Any]] = []
        for one in reversed(_kept):
            if one["number"] <= number:
                break
            new.append(one)
        first = _kept[0]["number"] if _kept else 1
    new.reverse()
    return {"server": SERVER, "first": first, "last": last, "happenings": new[:MOST_OF_AN_ANSWER]}


async def _waited(query: bytes) -> dict[str, Any]:
    asked = parse_qs(query.decode("latin-1"))
    server, after, wait = (asked.get(name, ["0"])[0] for name in ("server", "after", "wait"))
    if server != SERVER:
        return _after(0)
    number = int(after) if after.isdigit() else 0
    deadline = time.monotonic() + min(float(wait) if wait.replace(".", "", 1).isdigit() else 0, LONGEST_WAIT_SECONDS)
    while (_kept[-1]["number"] if _kept else 0) <= number and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return _after(number)


def served(application: Any) -> Any:
    """The ASGI application, with the endpoint of the happenings."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "GET":
            await answer(send, 200, await _waited(scope["query_string"]))
        else:
            await application(scope, receive, send)

    return app
