"""What functions logged."""

import json
from typing import Any


def lines(logs: Any, group: str) -> list[str]:
    """Every line of a log group, oldest first."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    # A log event of the local AWS may hold several lines.
    return [line for page in pages for one in page["events"] for line in one["message"].splitlines()]


def logged(logs: Any, group: str, about: str = "") -> list[dict[str, Any]]:
    """The structured lines of a log group that name something."""
    return [json.loads(line) for line in lines(logs, group) if line.startswith("{") and about in line]
