"""Events that an EventBridge rule hands to a function.

EventBridge invokes asynchronously: if the function raises, Lambda retries the event and then keeps it in the failure
queue. https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import _strict_json
from ._times import parse_time
from .errors import MalformedEvent


@dataclass(frozen=True)
class BusEvent:
    """One event. EventBridge delivers at least once: repeats have the same `id`."""

    id: str
    source: str
    detail_type: str
    detail: Mapping[str, Any]
    time: datetime | None
    account: str
    region: str
    resources: tuple[str, ...]


def received(event: Any) -> BusEvent:
    """The event that the function was invoked with. Raises `MalformedEvent`; raise on failure, too: it comes again.

    For a rule whose target gets an `input` of its own, read that itself, or by `schedules.scheduled`.
    """
    if not isinstance(event, Mapping):
        raise MalformedEvent("not an event of EventBridge: no JSON object")
    try:
        texts = [event["id"], event["source"], event["detail-type"]]
    except KeyError as error:
        raise MalformedEvent(f"not an event of EventBridge: no {error}") from error
    detail = event.get("detail", {})
    if isinstance(detail, str):  # EventBridge Scheduler's own event has the text `{}`
        detail = _strict_json.parse(detail, MalformedEvent)
    if not isinstance(detail, Mapping):
        raise MalformedEvent("not an event of EventBridge: its detail is no JSON object")
    texts += [event.get("account") or "", event.get("region") or ""]
    resources = event.get("resources") or []
    if not isinstance(resources, list) or not all(isinstance(one, str) for one in (*texts, *resources)):
        raise MalformedEvent("not an event of EventBridge: id, source, detail-type and resources must be texts")
    id_, source, kind, account, region = texts
    return BusEvent(id_, source, kind, detail, parse_time(event.get("time"), "time"), account, region, tuple(resources))
