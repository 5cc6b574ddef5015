"""Reads the log events of functions from CloudWatch Logs, once or continuously."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sluice_cli.deployed.resources import Function

PAGE = 10_000  # the most events in one response
REMEMBERED = 50_000  # ids of events already read while following
# Events may arrive out of order: each read starts this long before the newest event.
LATE_MILLISECONDS = 30_000


@dataclass(frozen=True)
class LogEvent:
    """An event in a function's log."""

    function: str
    stream: str
    milliseconds: int  # since 1970, UTC
    message: str
    id: str


class LogReader:
    """Reads the logs of functions, each event once. `client` creates boto3 clients, as `Target.client` does.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """

    def __init__(self, functions: Sequence[Function], client: Callable[..., Any], since: int) -> None:
        self._functions = functions
        self._clients = {one.region: client("logs", region_name=one.region or None) for one in functions}
        self._since = {one.arn: since for one in functions}
        self._start = since
        self._read: OrderedDict[str, None] = OrderedDict()

    def read(self) -> list[LogEvent]:
        """New events since the last call, oldest first. Raises botocore's errors."""
        # The sort is stable: events of the same millisecond keep CloudWatch's order.
        return sorted(self.each(), key=lambda one: one.milliseconds)

    def each(self) -> Iterator[LogEvent]:
        """As `read`, one function after the other, and without all of them in memory."""
        for function in self._functions:
            yield from self._new(function)

    def _new(self, function: Function) -> Iterator[LogEvent]:
        newest = self._since[function.arn]
        for event in self._events(function, max(newest - LATE_MILLISECONDS, self._start)):
            key = f"{function.name} {event.stream} {event.id}"
            newest = max(newest, event.milliseconds)
            if key in self._read:
                continue
            self._read[key] = None
            if len(self._read) > REMEMBERED:
                self._read.popitem(last=False)
            yield event
        self._since[function.arn] = newest

    def _events(self, function: Function, since: int) -> Iterator[LogEvent]:
        logs = self._clients[function.region]
        options: dict[str, Any] = {}
        while True:
            try:
                answer = logs.filter_log_events(logGroupName=function.log_group, startTime=since, limit=PAGE, **options)
            except logs.exceptions.ResourceNotFoundException:
                return  # a function that never ran may have no log group
            yield from (_event(function, one) for one in _belonging(answer["events"], function))
            if answer.get("nextToken"):
                options = {"nextToken": answer["nextToken"]}
            elif len(answer["events"]) == PAGE:
                # The local AWS returns no token: continue from the time of the last event.
                last = int(answer["events"][-1]["timestamp"])
                since, options = (last if last > since else last + 1), {}
            else:
                return


def _belonging(events: Iterable[dict[str, Any]], function: Function) -> Iterable[dict[str, Any]]:
    """The function's own events. Functions that share a log group have their names in the names of its streams.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
    """
    if function.log_group == f"/aws/lambda/{function.name}":
        return events
    return (one for one in events if "/" not in one["logStreamName"] or _of(function, one["logStreamName"]))


def _of(function: Function, stream: str) -> bool:
    # `2026/01/31/name[$LATEST]0123` on AWS, `2026/01/31/[$LATEST]0123` on the local AWS.
    named = stream.rpartition("/")[2].partition("[")[0]
    return named in ("", function.name)


def _event(function: Function, one: dict[str, Any]) -> LogEvent:
    return LogEvent(
        function.name, one["logStreamName"], int(one["timestamp"]), str(one["message"]), str(one.get("eventId", ""))
    )
