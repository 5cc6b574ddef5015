"""Log lines of a function, from the last ones on."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sluice_cli.deployed.resources import Function
from sluice_cli.function_logs.events import LogReader
from sluice_cli.function_logs.lines import LineReader, LogLine

from .console import Console
from .guard import Refused
from .requests import Request

MOST_POSITIONS = 64
DEFAULT_SECONDS = 3_600
MOST_LINES = 1_000
LONGEST_LINE = 20_000
MANY_CONTROLS = 0.1


@dataclass
class Position:
    """Where a page is in a log."""

    reader: LogReader
    lines: LineReader = field(default_factory=LineReader)
    # Read, and not yet given.
    waiting: list[LogLine] = field(default_factory=list)


class Positions:
    """The positions of pages, by the cursor that each got; those that were not used for long are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Position] = OrderedDict()

    def get(self, cursor: str | None) -> Position | None:
        if cursor is None or cursor not in self._kept:
            return None
        self._kept.move_to_end(cursor)
        return self._kept[cursor]

    def keep(self, position: Position) -> str:
        cursor = uuid4().hex
        self._kept[cursor] = position
        while len(self._kept) > MOST_POSITIONS:
            self._kept.popitem(last=False)
        return cursor


def lines(console: Console, request: Request) -> Any:
    limit = request.number("limit", 200, MOST_LINES)
    position = console.log_positions.get(request.query.get("cursor"))
    cursor = request.query.get("cursor")
    if position is None:
        node = console.node(request)
        if node.type != "aws_lambda_function" or node.resource is None:
            raise Refused(400, f"{node.title} is no function")
        seconds = request.number("since", DEFAULT_SECONDS, 10**9)
        since = int((time.time() - seconds) * 1000)
        position = Position(LogReader([Function(node.resource)], console.client, since))
        cursor = console.log_positions.keep(position)
        is_first = True
    else:
        is_first = False
    position.waiting += [position.lines.read(event) for event in position.reader.read()]
    wanted, request_id = request.query.get("filter", "").lower(), request.query.get("request_id")
    found = [
        one
        for one in position.waiting
        if wanted in one.event.message.lower() and (not request_id or one.request_id == request_id)
    ]
    given = found[-limit:] if is_first else found[:limit]
    rest = [] if is_first else found[limit:]
    position.waiting = rest
    return {"lines": [as_json(one) for one in given], "cursor": cursor, "skipped": len(found) - len(given) - len(rest)}


def as_json(line: LogLine) -> dict[str, Any]:
    text = line.text[:LONGEST_LINE]
    controls = sum(not one.isprintable() and one not in "\n\r\t\x1b" for one in text)
    return {
        "time": line.event.milliseconds / 1000,
        "level": line.level.name,
        "text": text,
        "request_id": line.request_id or None,
        "platform": line.platform,
        "fields": dict(line.fields) or None,
        "binary": controls > len(text) * MANY_CONTROLS,
    }
