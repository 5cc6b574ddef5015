"""When something runs: schedules of EventBridge and of autoscaling.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..hidden import revealed
from ..model import Danger, Finding
from ..values import Difference, same
from ..words import difference_words
from .case import Touched

RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
MINUTES = {"minute": 1, "hour": 60, "day": 1440}
STARTS = ("start_date", "start_time")
ENDS = ("end_date", "end_time")


def schedule(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    for one in touched.differences:
        if one.name == "schedule_expression_timezone" and _has_no_hour(case.before) and _has_no_hour(case.after):
            continue
        if not case.stays or (one.unknown and not case.context.is_written(case.change, one.name)):
            continue
        if one.unknown:
            yield case.finding(Danger.UNCLEAR, f"{difference_words(one)} is known only after apply")
        elif one.name in STARTS:
            if str(revealed(one.after) or "") > str(revealed(one.before) or ""):
                yield from _said(touched, one, "starts later", Danger.EVENTS_WAIT)
        elif one.name in ENDS:
            before, after = str(revealed(one.before) or ""), str(revealed(one.after) or "")
            if after and (not before or after < before):
                yield from _said(touched, one, "ends earlier", Danger.EVENTS_STOP)
        elif one.name == "schedule_expression" and not one.before:
            continue  # an event pattern that a schedule takes the place of is judged itself
        elif one.name == "schedule_expression" and same(one.after, None):
            yield from touched.findings("no longer runs at set times", danger=Danger.EVENTS_STOP)
        elif not _is_at_least_as_often(one):
            yield from _said(touched, one, "runs at other times", Danger.EVENTS_WAIT)


def _said(touched: Touched, one: Difference, what: str, danger: Danger) -> Iterator[Finding]:
    shown = "" if one.sensitive else f" ({one.shown_before} → {one.shown_after})"
    yield from touched.findings(
        f"{what}{shown}", "What depends on it happens later, less often, or not.", danger=danger
    )


def _has_no_hour(values: Mapping[str, Any]) -> bool:
    """Whether it runs at a rate: no time zone moves that."""
    return bool(RATE.fullmatch(str(values.get("schedule_expression") or "").strip()))


def _is_at_least_as_often(one: Difference) -> bool:
    found = [RATE.fullmatch(str(revealed(value) or "").strip()) for value in (one.before, one.after)]
    if not (found[0] and found[1]):
        return False
    before, after = (int(rate[1]) * MINUTES[rate[2]] for rate in found if rate)
    return after <= before
