"""Notifications of an SNS topic that invokes a function.

SNS invokes asynchronously: if the function raises, Lambda retries the event and then keeps it in the failure queue.
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import _strict_json
from ._attempts import Attempts, records_of
from ._times import parse_time
from .errors import MalformedEvent


@dataclass(frozen=True)
class TopicMessage:
    """One notification. Of one that was delivered raw to a queue, topic and time are not known (`""` and None)."""

    id: str
    body: str
    subject: str | None
    attributes: Mapping[str, str | bytes]
    topic_arn: str
    time: datetime | None

    def json(self, *, parse_float: Callable[[str], Any] = float) -> Any:
        """The body's JSON. Raises `MalformedEvent`. Give `Decimal` as `parse_float` for numbers that go into
        DynamoDB."""
        return _strict_json.parse(self.body, MalformedEvent, parse_float=parse_float)


def for_each_notification(event: Any, process: Callable[[TopicMessage], object]) -> int:
    """Attempt every notification, then raise `RecordsFailed` if any failed. Returns how many there were.

    The event may come again, so `process` must be safe to repeat. Raises `MalformedEvent` for what is no event of SNS.
    """
    records = records_of(event, "SNS")
    attempts = Attempts(len(records))
    for number, record in enumerate(records):
        try:
            if not isinstance(record, Mapping) or not isinstance(record.get("Sns"), Mapping):
                raise MalformedEvent("not a record of SNS: no 'Sns'")
            process(from_envelope(record["Sns"]))
        except Exception as error:  # noqa: BLE001 - logged, and raised at the end
            attempts.fail(number, error)
    attempts.raise_failures()
    return len(records)


def from_envelope(envelope: Mapping[str, Any]) -> TopicMessage:
    """A notification in SNS's envelope. Raises `MalformedEvent`."""
    try:
        id_, body, topic = envelope["MessageId"], envelope["Message"], envelope["TopicArn"]
        attributes = {name: _value(one) for name, one in (envelope.get("MessageAttributes") or {}).items()}
    except KeyError as error:
        raise MalformedEvent(f"not a notification of SNS: no {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise MalformedEvent("not a notification of SNS: a part of it has another structure") from error
    subject = envelope.get("Subject")
    if not all(isinstance(one, str) for one in (id_, body, topic)) or not isinstance(subject, str | None):
        raise MalformedEvent("not a notification of SNS: MessageId, Message, TopicArn and Subject must be texts")
    return TopicMessage(id_, body, subject, attributes, topic, parse_time(envelope.get("Timestamp"), "Timestamp"))


def _value(attribute: Mapping[str, Any]) -> str | bytes:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html"""
    if attribute["Type"] == "Binary":
        try:
            return base64.b64decode(attribute["Value"], validate=True)
        except binascii.Error as error:
            raise MalformedEvent("a message attribute is not the base64 that it claims to be") from error
    return str(attribute["Value"])
