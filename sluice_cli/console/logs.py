"""Log lines of a function, from the last ones on."""

import json
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from sluice_cli.deployed.resources import Function
from sluice_cli.function_logs.events import LogReader
from sluice_cli.function_logs.lines import LogLine

from .binary import is_binary
from .console import Console
from .guard import HttpError
from .log_positions import LogPosition
from .requests import PageRequest

DEFAULT_SECONDS = 3_600
MOST_LINES = 1_000
LONGEST_LINE = 20_000
MOST_FIELDS = 50  # of a long line


def lines(console: Console, request: PageRequest) -> Any:
    limit = request.number("limit", 200, MOST_LINES)
    position = console.log_positions.get(request.query.get("cursor"))
    cursor = request.query.get("cursor")
    if position is None:
        node = console.node(request)
        if node.type != "aws_lambda_function" or node.resource is None:
            raise HttpError(400, f"{node.title} is no function")
        seconds = request.number("since", DEFAULT_SECONDS, 10**9)
        since = int((time.time() - seconds) * 1000)
        position = LogPosition(LogReader([Function(node.resource)], console.client, since))
        cursor = console.log_positions.keep(position)
        is_first = True
    else:
        is_first = False
    wanted, request_id = request.query.get("filter", "").lower(), request.query.get("request_id")
    # Of the lines so far a page gets the last; of later ones those come first that came first.
    kept = deque[LogLine](maxlen=limit) if is_first else position.waiting
    skipped = 0
    for one in map(position.lines.read, position.reader.each()):
        if wanted in one.event.message.lower() and (not request_id or one.request_id == request_id):
            skipped += len(kept) == kept.maxlen
            kept.append(one)
    given = [kept.popleft() for _ in range(min(limit, len(kept)))]
    return {"lines": [as_json(one) for one in given], "cursor": cursor, "skipped": skipped}


def _short(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a line in JSON, without more than is shown of a line."""
    found = dict(fields)
    if len(json.dumps(found, default=str)) <= LONGEST_LINE:
        return found
    texts = {name: one if isinstance(one, str) else json.dumps(one, default=str) for name, one in found.items()}
    longest = LONGEST_LINE // MOST_FIELDS
    return {
        name[:longest]: f"{one[:longest]}…" if len(one) > longest else one
        for name, one in list(texts.items())[:MOST_FIELDS]
    }


def as_json(line: LogLine) -> dict[str, Any]:
    text = line.text[:LONGEST_LINE]
    return {
        "time": line.event.milliseconds / 1000,
        "level": line.level.name,
        "text": text,
        "request_id": line.request_id or None,
        "platform": line.platform,
        "cut": len(line.text) if len(line.text) > LONGEST_LINE else None,
        "fields": _short(line.fields) or None,
        "binary": is_binary(text, replaced=text.count("\ufffd")),  # as which bytes are read that are no text
    }
