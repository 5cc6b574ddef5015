"""Where a function begins to read a stream, and what that means for the records in it."""

from collections.abc import Iterator

from ..model import Danger, Finding
from .case import Touched

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
BEGINNING, END, TIME = "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"


def starting_position(touched: Touched) -> Iterator[Finding]:
    """A mapping that is made anew begins at its position again."""
    case = touched.case
    position = case.after.get("starting_position")
    if not case.stays or not position or (case.verb != "replace" and not touched.differences):
        return
    if position == END:
        yield from touched.findings(
            "reading begins at the newest record", "What is in the stream and was not read yet is skipped."
        )
    elif position == BEGINNING:
        yield from touched.findings(
            "reading begins at the oldest record",
            "What was processed already and is still in the stream is processed again.",
            danger=Danger.EVENTS_TWICE,
        )
    else:
        time = case.after.get("starting_position_timestamp")
        before = case.before.get("starting_position_timestamp")
        earlier = case.before.get("starting_position") == END or (before and time and str(time) < str(before))
        yield from touched.findings(
            "reading begins at another time",
            "Records since then are processed again."
            if earlier
            else "Records before it that were not read are skipped.",
            danger=Danger.EVENTS_TWICE if earlier else touched.danger,
        )
