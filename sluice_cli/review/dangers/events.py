"""Whether events still arrive, once, and in time."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sluice_cli.text import clean

from ..hidden import revealed
from ..model import Danger, Finding
from ..values import same
from .case import Touched, blocks, number
from .event_patterns import lets_through

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
    elif case.stays and after > before and after > 6 * (max(timeouts) if timeouts else before):
        yield from touched.findings(
            f"visibility timeout (s) {before:g} → {after:g}",
            "A message that fails waits as long before it is tried again.",
            danger=Danger.EVENTS_WAIT,
        )


def event_filter(touched: Touched) -> Iterator[Finding]:
    """Which events pass. What provably lets through all that passed before is harmless."""
    case = touched.case
    if case.is_new:
        return
    unknown = [one for one in touched.differences if one.unknown and case.context.is_written(case.change, one.name)]
    if unknown:
        yield case.finding(Danger.UNCLEAR, "which events pass is known only after apply")
        return
    before, after = _filters(case.before), _filters(case.after)
    moved = not same(case.before.get("filter_policy_scope"), case.after.get("filter_policy_scope"))
    # Several filters let through what any of them does; none lets everything through.
    narrower = bool(after) and (not before or any(not any(lets_through(new, old) for new in after) for old in before))
    if narrower or (moved and after and before and touched.difference("filter_policy_scope")):
        hidden = " (hidden)" if any(one.sensitive for one in touched.differences) else ""
        what = f"events are filtered by other rules{hidden}"
        yield from touched.findings(what, "What does not match them any more is not delivered.")


def _filters(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = [row for one in blocks(values.get("filter_criteria")) for row in blocks(one.get("filter"))]
    texts = [row.get("pattern") for row in rows] + [values.get("event_pattern"), values.get("filter_policy")]
    return [_document(text) for text in texts if text]


def subscription(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    people = str(case.before.get("protocol") or case.after.get("protocol") or "") in PEOPLE
    danger = Danger.ALARM if people else Danger.EVENTS_STOP
    if case.gone:
        what = "a subscription ends"
        means = (
            "Its subscribers receive no more notifications and alarms."
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
        case = touched.case
        if not case.stays or not one.before:
            continue
        if one.unknown:
            if not case.context.refers_to_the_same(case.change, one.name, revealed(one.before)):
                yield case.finding(Danger.UNCLEAR, "where failed events go is known only after apply")
        elif not one.after:
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
