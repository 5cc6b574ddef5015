"""Whether events still arrive, once, and in time."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..hidden import revealed
from ..model import Danger, Finding
from ..text import clean
from ..values import same
from .case import Touched, number

# Subscribers that are people; the others are parts of systems.
PEOPLE = ("email", "email-json", "sms", "")
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
VISIBILITY = "30"


def redrive(touched: Touched) -> Iterator[Finding]:
    """A dead-letter queue, and after how many attempts a message goes there."""
    case = touched.case
    if not case.stays:
        return
    if case.is_unknown("redrive_policy"):
        changed = next(iter(touched.differences), None)
        if changed and changed.before and case.context.is_written(case.change, "redrive_policy"):
            target = _document(changed.before).get("deadLetterTargetArn")
            if not case.context.refers_to_the_same(case.change, "redrive_policy", target):
                yield case.finding(Danger.UNCLEAR, "its dead-letter queue is known only after apply")
        return
    before, after = (_document(values.get("redrive_policy")) for values in (case.before, case.after))
    if before and not after:
        yield from touched.findings(
            "no dead-letter queue any more",
            "A message that cannot be processed is gone when its time is over.",
            danger=Danger.EVENTS_LOST,
        )
    elif before:
        old, new = (number(one.get("maxReceiveCount")) for one in (before, after))
        if old is not None and new is not None and new < old:
            yield from touched.findings(
                f"given up after {new:g} attempts instead of {old:g}",
                "A message that fails is tried less often before it goes to the dead-letter queue.",
                danger=Danger.EVENTS_LOST,
            )
        if not same(before.get("deadLetterTargetArn"), after.get("deadLetterTargetArn")):
            yield from touched.findings(
                "failed messages go to another queue",
                "Who watches the old one sees no new ones.",
                danger=Danger.EVENTS_CHANGE,
            )


def redrive_allow(touched: Touched) -> Iterator[Finding]:
    """Which queues may use this one as their dead-letter queue."""
    case = touched.case
    if not case.stays:
        return
    before, after = (_document(values.get("redrive_allow_policy")) for values in (case.before, case.after))
    was_narrow = before.get("redrivePermission") in ("byQueue", "denyAll")
    if was_narrow and after.get("redrivePermission", "allowAll") == "allowAll":
        yield from touched.findings("every queue of the account may use it for failed messages")
        return
    lost = set(map(str, before.get("sourceQueueArns") or [])) - set(map(str, after.get("sourceQueueArns") or []))
    denied = after.get("redrivePermission") == "denyAll" != before.get("redrivePermission")
    if lost or denied:
        yield from touched.findings(
            "queues may no longer use it for failed messages",
            "Their failed messages are gone when their time is over.",
            danger=Danger.EVENTS_LOST,
        )


def visibility(touched: Touched) -> Iterator[Finding]:
    """How long a message is hidden from others while it is processed.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html asks for six times the function's timeout.
    """
    case = touched.case
    after = number(case.after.get("visibility_timeout_seconds"), VISIBILITY)
    before = number(case.before.get("visibility_timeout_seconds"), VISIBILITY)
    timeouts = [
        number(revealed(function.after or function.before or {}).get("timeout"), "3") or 3
        for queue, function, _ in case.context.consumers
        if queue.address == case.change.address
    ]
    if after is None or before is None or (case.is_new and not timeouts):
        return
    if timeouts and after < max(timeouts) and (case.is_new or after != before):
        yield from touched.findings(
            f"visibility timeout {after:g} s is below its function's timeout of {max(timeouts):g} s",
            "A message is delivered again while it is still being processed.",
            danger=Danger.EVENTS_TWICE,
        )
    elif case.stays and after < before and not (timeouts and after >= 6 * max(timeouts)):
        yield from touched.findings(
            f"visibility timeout (s) {before:g} → {after:g}",
            "A message whose processing takes longer is delivered again.",
            danger=Danger.EVENTS_TWICE,
        )


def event_filter(touched: Touched) -> Iterator[Finding]:
    """Which events pass. A filter that provably lets as much through as before is harmless."""
    for one in touched.differences:
        before, after = revealed(one.before), revealed(one.after)
        if touched.case.is_new or (one.block and one.block.removed):
            continue
        if one.unknown:
            if one.before and touched.case.context.is_written(touched.case.change, one.name):
                yield touched.case.finding(Danger.UNCLEAR, "which events pass is known only after apply")
        elif one.block and one.block.added and _has_filter_before(touched):
            continue  # one more filter lets more through
        elif not _lets_through(_document(after), _document(before), is_set=bool(after)):
            text = "hidden" if one.sensitive else "changed"
            yield from touched.findings(
                f"events are filtered by other rules ({text})", "What does not match them any more is not delivered."
            )
            return
    stay, gone = _filters(touched.case.after), all(one.block and one.block.removed for one in touched.differences)
    if stay and gone and _filters(touched.case.before) - stay:
        yield from touched.findings("a filter is removed, others stay", "What only it let through is dropped.")


def _has_filter_before(touched: Touched) -> bool:
    return bool(_filters(touched.case.before))


def _filters(values: Mapping[str, Any]) -> set[str]:
    criteria = values.get("filter_criteria") or []
    rows = [row for one in criteria if isinstance(one, Mapping) for row in one.get("filter") or []]
    return {str(row.get("pattern")) for row in rows if isinstance(row, Mapping)}


def _lets_through(after: Mapping[str, Any], before: Mapping[str, Any], *, is_set: bool) -> bool:
    """Whether all that the filter before let through still passes; no filter lets everything through."""
    if not is_set:
        return True
    if not after or not before:
        return False
    return all(key in before and _passes(value, before[key]) for key, value in after.items())


def _passes(after: Any, before: Any) -> bool:
    if isinstance(after, Mapping) and isinstance(before, Mapping):
        return _lets_through(after, before, is_set=True)
    if isinstance(after, list) and isinstance(before, list):
        return all(one in after for one in before)
    return bool(after == before)


def subscription(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    people = str(case.before.get("protocol") or case.after.get("protocol") or "") in PEOPLE
    danger = Danger.ALARM if people else Danger.EVENTS_STOP
    if case.gone:
        what = "a subscription ends"
        means = (
            "Whoever was told of notifications and alarms is not."
            if people
            else "What was published to it no longer arrives."
        )
        yield case.finding(danger, what, means)
    elif case.stays:
        for one in touched.differences:
            if one.before and not (one.unknown and case.context.refers_to_the_same(case.change, one.name, one.before)):
                yield case.finding(
                    Danger.ALARM if people else Danger.EVENTS_CHANGE,
                    "another endpoint is subscribed",
                    "The one that was gets nothing more.",
                )


def failure_destination(touched: Touched) -> Iterator[Finding]:
    for one in touched.differences:
        if not touched.case.stays or one.unknown or not one.before:
            continue
        if not one.after:
            yield from touched.findings("failed events are no longer kept", "An event that fails is lost.")
        else:
            yield from touched.findings(
                "failed events go elsewhere",
                "Who watches the old destination sees no new ones.",
                danger=Danger.EVENTS_CHANGE,
            )


def _document(value: Any) -> Mapping[str, Any]:
    value = revealed(value)
    if isinstance(value, Mapping):
        return value
    try:
        found = json.loads(value) if isinstance(value, str) and value else {}
    except (ValueError, RecursionError):
        return {"": clean(str(value))[:200]}
    return found if isinstance(found, Mapping) else {"": found}
