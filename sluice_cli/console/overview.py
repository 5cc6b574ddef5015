"""The stacks, what happens, and the live stream."""

from typing import Any

from .console import Console
from .requests import PageRequest, Reply
from .stream import stream


def session(console: Console, request: PageRequest) -> Any:
    del request
    return console.session()


def stacks(console: Console, request: PageRequest) -> Any:
    del request
    return console.deployments.as_json()


def live(console: Console, request: PageRequest) -> Reply:
    parts = stream(console.happenings, request.headers.get("Last-Event-ID"), console.started)
    return Reply(headers={"Content-Type": "text/event-stream"}, parts=parts)


def happenings(console: Console, request: PageRequest) -> Any:
    kept = list(console.happenings.kept)
    before = request.number("before", 10**12, 10**12)
    kinds, node = request.query.get("kind"), request.query.get("node")
    found = [
        one.shown
        for one in reversed(kept)
        if one.number < before
        and (not kinds or one.shown["kind"] in kinds.split(","))
        and (not node or one.shown["node"] == node)
    ]
    return {
        "happenings": found[: request.limit],
        "oldest": kept[0].number if kept else None,
        "skipped": console.happenings.skipped,
    }
