"""Reads traces from X-Ray, in an account or on the local AWS.

https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sluice_cli.errors import InputError
from sluice_cli.traces.model import Trace, trace_of

ID = re.compile(r"(1-[0-9a-f]{8}-[0-9a-f]{24})")
# The longest time range of a request: https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html
LONGEST_WINDOW = timedelta(hours=24)
# X-Ray keeps traces for 30 days. The margin allows for the time that the request takes.
KEPT = timedelta(days=30) - timedelta(minutes=1)


@dataclass(frozen=True)
class Summary:
    """X-Ray's summary of a trace, without its parts."""

    id: str
    start: datetime
    seconds: float
    services: tuple[str, ...]
    status: str

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "start": self.start.isoformat(),
            "seconds": self.seconds,
            "functions": list(self.services),
            "status": self.status or "ok",
        }


def trace_id_in(text: str) -> str:
    """The trace id in a text: the id itself, or a trace header (`Root=1-...`). Raises `InputError`."""
    found = ID.search(text)
    if found is None:
        raise InputError(f"{text[:60]!r} is not a trace id; an example: 1-5759e988-bd862e3fe1be46a994272793")
    return found[1]


def summaries(xray: Any, since: datetime, services: Sequence[str] = ()) -> list[Summary]:
    """The traces since a time, newest first; only those of the given services if there are any. X-Ray keeps traces for
    30 days.
    """
    paginator = xray.get_paginator("get_trace_summaries")
    found: dict[str, Summary] = {}  # a trace at the border of two ranges may be in both
    for start, end in _windows(since, datetime.now(UTC) + timedelta(seconds=1)):
        for page in paginator.paginate(StartTime=start, EndTime=end):
            found |= {one["Id"]: _summary(one) for one in page["TraceSummaries"]}
    own = [one for one in found.values() if not services or set(services) & set(one.services)]
    return sorted(own, key=lambda one: one.start, reverse=True)


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Time ranges that X-Ray accepts, newest first; none if the start is in the future."""
    start = max(since, until - KEPT)
    while until > start:
        yield max(start, until - LONGEST_WINDOW), until
        until -= LONGEST_WINDOW


def read_trace(xray: Any, id_: str) -> Trace | None:
    """A trace with all its segments; None if X-Ray has none with that id."""
    pages = xray.get_paginator("batch_get_traces").paginate(TraceIds=[id_])
    documents = [one["Document"] for page in pages for trace in page["Traces"] for one in trace["Segments"]]
    return trace_of(id_, documents) if documents else None


def _summary(one: dict[str, Any]) -> Summary:
    status = next((name for name in ("Fault", "Error", "Throttle") if one.get(f"Has{name}")), "")
    # The id contains the time:
    # https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
    start = one.get("StartTime") or datetime.fromtimestamp(int(one["Id"].split("-")[1], 16), UTC)
    names = [service.get("Name", "") for service in one.get("ServiceIds", [])]
    return Summary(one["Id"], start, float(one.get("Duration") or 0), tuple(dict.fromkeys(names)), status.lower())
