"""What a message holds once the envelopes of SNS around it are taken off."""

from collections.abc import Mapping
from typing import Any

from . import _strict_json
from .errors import MalformedEvent

MOST_ENVELOPES = 3  # of SNS in each other; AWS nests them once


def content(body: str) -> Any:
    """The JSON of a message without SNS's envelopes. Raises `MalformedEvent`."""
    parsed = _strict_json.parse(body, MalformedEvent)
    for _ in range(MOST_ENVELOPES):
        if not is_notification(parsed):
            return parsed
        parsed = _strict_json.parse(parsed["Message"], MalformedEvent)
    raise MalformedEvent(f"the body has more than {MOST_ENVELOPES} envelopes of SNS in each other")


def is_notification(parsed: Any) -> bool:
    """Whether it is a notification as SNS delivers it to a queue, without raw delivery.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    """
    return (
        isinstance(parsed, Mapping)
        and parsed.get("Type") == "Notification"
        and isinstance(parsed.get("Message"), str)
        and "TopicArn" in parsed
    )
