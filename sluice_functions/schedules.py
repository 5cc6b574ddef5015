"""Invocations by a schedule: of EventBridge Scheduler (`Schedule.on_time`), or of an EventBridge rule.

Both may invoke twice for one time: use `ScheduledRun.time` in the keys of what a run writes. They invoke
asynchronously: if the function raises, Lambda retries the event and then keeps it in the failure queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ._times import parse_time
from .errors import MalformedEvent

# What both send unless the schedule has an `input`.
OWN_EVENT = "Scheduled Event"


@dataclass(frozen=True)
class ScheduledRun:
    """One run: the time it was planned for, and the schedule's `input` (empty if it has none)."""

    time: datetime
    input: Mapping[str, Any]


def scheduled(event: Any) -> ScheduledRun:
    """The run that the function was invoked for. Raises `MalformedEvent`.

    The time is that of the schedule's own event, or the `time` of its input. Let Scheduler fill that in:
    `on_time(function, input={"time": "<aws.scheduler.scheduled-time>", ...})`; without it the time is now, which
    repeats do not share.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    if not isinstance(event, Mapping):
        raise MalformedEvent("not an event of a schedule: no JSON object")
    time = parse_time(event.get("time"), "time") or datetime.now(UTC)
    return ScheduledRun(time, {} if event.get("detail-type") == OWN_EVENT else event)
