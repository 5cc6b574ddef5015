"""The id of each log event, which ministack 1.5.33 omits. Programs that follow a log distinguish events by it.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilteredLogEvent.html
"""

from itertools import count
from typing import Any

from ministack.services import cloudwatch_logs

from completing import existing

_plain_append = existing(cloudwatch_logs, "_append_log_events")
_numbers = count(1)


def _append(stream: Any, events: Any) -> None:
    _plain_append(stream, [{**event, "eventId": f"{next(_numbers):056}"} for event in events])


cloudwatch_logs._append_log_events = _append
