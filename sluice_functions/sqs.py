"""Batches of messages that Lambda reads from an SQS queue, with failures reported message by message.

What a function returns from here says which messages failed. They come again, and after the queue's `max_receives`
they go to its dead letters; all others are deleted. It needs `ReportBatchItemFailures`, which `Queue.on_messages`
sets. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

Powertools' batch utility is not used: it adds 27 % to the processor time of a cold start.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import _strict_json, eventbridge, s3_events
from ._attempts import Attempts, records_of
from ._envelopes import content, is_notification
from .errors import MalformedEvent
from .eventbridge import BusEvent
from .observability import logger
from .s3_events import CREATED, Given, S3Object
from .sns import TopicMessage, from_envelope

Answer = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class QueueMessage:
    """One message. `attributes` are SQS's own (`SentTimestamp` ...), `message_attributes` the sender's: texts, or
    bytes."""

    id: str
    body: str
    attributes: Mapping[str, str]
    message_attributes: Mapping[str, str | bytes]
    queue_arn: str

    @property
    def receive_count(self) -> int:
        """How often the message was received, this time included: 1 at first."""
        count = self.attributes.get("ApproximateReceiveCount", "")
        return int(count) if count.isdecimal() else 1

    @property
    def group_id(self) -> str | None:
        """The message group: messages of a FIFO queue are in order within it."""
        return self.attributes.get("MessageGroupId")

    def json(self, *, parse_float: Callable[[str], Any] = float) -> Any:
        """The body's JSON. Raises `MalformedEvent`. Give `Decimal` as `parse_float` for numbers that go into
        DynamoDB."""
        return _strict_json.parse(self.body, MalformedEvent, parse_float=parse_float)


def for_each_message(event: Any, process: Callable[[QueueMessage], object], *, context: Any = None) -> Answer:
    """Attempt every message and return which failed, for the function to return.

    With Lambda's `context`, messages for which no time is left are not begun and come again: a function that is ended
    at its timeout answers nothing, and then all messages of the batch come again, those that were processed included.
    Enough time is twice what the longest of the batch took.

    Messages come at least once, so `process` must be safe to repeat. Failures are logged and counted (metric
    `RecordsFailed`), because Lambda counts no error for them. After a failure in a FIFO queue the later messages of
    the same message group are not attempted, but reported as failed, so that they stay in order.

    Raises `MalformedEvent` for what is no event of SQS, and `RecordsFailed` if a record has no id to report: then the
    whole batch comes again.
    """
    records = records_of(event, "SQS")
    attempts = Attempts(len(records))
    failed: list[str] = []
    stopped: set[str | None] = set()
    nameless = False
    time_left = _TimeLeft(context)
    for number, record in enumerate(records):
        id_ = record.get("messageId") if isinstance(record, Mapping) else None
        known = isinstance(id_, str) and id_ != ""
        group = _fifo_group(record)
        if known and (group in stopped or not time_left.suffices()):
            failed.append(str(id_))
            if group is not None:
                stopped.add(group)
            continue
        try:
            process(_message(record))
        except Exception as error:  # noqa: BLE001 - logged, and reported
            attempts.fail(number, error, message_id=id_)
            nameless = nameless or not known
            failed += [str(id_)] if known else []
            if group is not None:
                stopped.add(group)
    time_left.log()
    attempts.count_failures()
    if nameless:
        attempts.raise_failures()
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def for_each_object(
    event: Any,
    process: Callable[[S3Object], Given],
    *,
    kinds: Sequence[str] = CREATED,
    context: Any = None,
    finish_batch: Callable[[list[Given]], Sequence[Exception | None]] | None = None,
) -> Answer:
    """`for_each_message` for a queue that S3 sends its events to, itself or through SNS or EventBridge.

    All objects of a message are attempted; if one fails, the message comes again. See `s3_events.for_each_object`,
    whose `finish_batch` gets the objects of one message.
    """

    def objects_of(message: QueueMessage) -> object:
        return s3_events.for_each_object(content(message.body), process, kinds=kinds, finish_batch=finish_batch)

    return for_each_message(event, objects_of, context=context)


def for_each_notification(event: Any, process: Callable[[TopicMessage], object], *, context: Any = None) -> Answer:
    """`for_each_message` for a queue that is subscribed to an SNS topic, with or without raw delivery."""
    return for_each_message(event, lambda message: process(_notification(message)), context=context)


def for_each_event(event: Any, process: Callable[[BusEvent], object], *, context: Any = None) -> Answer:
    """`for_each_message` for a queue that EventBridge sends events to, itself or through SNS."""
    return for_each_message(
        event, lambda message: process(eventbridge.received(content(message.body))), context=context
    )


class _TimeLeft:
    """Whether the rest of an invocation is long enough for another message; without a context it always is."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._before = self._now()
        self._longest = 0
        self._left = 0

    def suffices(self) -> bool:
        """Called before each message, and so also after the one before it."""
        if self._context is None:
            return True
        now = self._now()
        self._longest, self._before = max(self._longest, self._before - now), now
        enough = now > 2 * self._longest
        self._left += not enough
        return enough

    def log(self) -> None:
        if self._left:
            logger.warning("no time left for these messages", extra={"messages": self._left})

    def _now(self) -> int:
        """Milliseconds to the function's timeout."""
        return int(self._context.get_remaining_time_in_millis()) if self._context is not None else 0


def _message(record: Any) -> QueueMessage:
    try:
        id_, body = record["messageId"], record["body"]
        attributes, given = record.get("attributes") or {}, record.get("messageAttributes") or {}
        senders = {name: _value(one) for name, one in given.items()}
        own = dict(attributes)
    except KeyError as error:
        raise MalformedEvent(f"not a record of SQS: no {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise MalformedEvent("not a record of SQS: a part of it has another structure") from error
    if not isinstance(id_, str) or not id_ or not isinstance(body, str):
        raise MalformedEvent("not a record of SQS: messageId and body must be texts")
    if not all(isinstance(one, str) for one in own.values()):
        raise MalformedEvent("not a record of SQS: its attributes must be texts")
    return QueueMessage(id_, body, own, senders, str(record.get("eventSourceARN") or ""))


def _value(attribute: Mapping[str, Any]) -> str | bytes:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html"""
    if str(attribute["dataType"]).startswith("Binary"):
        try:
            return base64.b64decode(attribute["binaryValue"], validate=True)
        except binascii.Error as error:
            raise MalformedEvent("a message attribute is not the base64 that it claims to be") from error
    return str(attribute["stringValue"])


def _fifo_group(record: Any) -> str | None:
    """The message group that is in order; None for a standard queue, whose messages may have groups but no order."""
    try:
        return str(record["attributes"]["MessageGroupId"]) if record["eventSourceARN"].endswith(".fifo") else None
    except (KeyError, TypeError, AttributeError):
        return None


def _notification(message: QueueMessage) -> TopicMessage:
    try:
        parsed = _strict_json.parse(message.body, MalformedEvent)
    except MalformedEvent:
        parsed = None  # a raw delivery of something else than JSON
    if is_notification(parsed):
        return from_envelope(parsed)
    return TopicMessage(message.id, message.body, None, message.message_attributes, "", None)
