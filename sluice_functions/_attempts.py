"""Attempts at the records of one event: each is tried, and failures are logged and counted."""

from collections.abc import Mapping
from typing import Any

from .errors import MalformedEvent, RecordsFailed, reason
from .observability import MetricUnit, logger, metrics


def records_of(event: Any, source: str) -> list[Any]:
    """The records of an event. Raises `MalformedEvent` if it has no list of them."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list):
        raise MalformedEvent(f"not an event of {source}: it has no list of Records")
    return records


class Attempts:
    """The failures among the records of an event, by the records' numbers."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.failures: dict[int, Exception] = {}

    def fail(self, number: int, error: Exception, **named: Any) -> None:
        """Log a failure with its traceback, and with `named`, which must not hold what a log may not show."""
        logger.error("record failed", exc_info=error, extra={"record_number": number, **named})
        self.failures[number] = error

    def raise_failures(self) -> None:
        """Raises `RecordsFailed` with all reasons, for sources that come again as a whole."""
        if self.failures:
            reasons = "; ".join(f"record {number}: {reason(self.failures[number])}" for number in sorted(self.failures))
            raise RecordsFailed(f"{len(self.failures)} of {self.total} records failed: {reasons}")

    def count_failures(self) -> None:
        """The metric `RecordsFailed`, for sources that are answered: Lambda's own `Errors` counts no such failure."""
        if self.failures:
            metrics.add_metric("RecordsFailed", MetricUnit.Count, len(self.failures))
