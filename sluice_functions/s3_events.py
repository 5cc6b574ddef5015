"""S3 event notifications, as S3 really sends them.

At least once and in no order; keys URL-encoded; a test event without records when the notification is made.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from ._attempts import Attempts
from .errors import ExplainedError, MalformedEvent
from .observability import MetricUnit, logger, metrics

Given = TypeVar("Given")
CREATED = ("ObjectCreated:",)
# Hexadecimal digits. Sequencers have up to 18; AWS says to compare two after padding the shorter one with zeros.
SEQUENCER_DIGITS = 40


class VersionGone(ExplainedError):
    """S3 says that it has no such version of an object (any more). No retry brings it back."""


@dataclass(frozen=True)
class S3Object:
    """One object version, named by an event or by a request. `key` is decoded.

    The fields after the version come from the event as S3 sent them; they do not count in comparisons.
    """

    bucket: str
    key: str
    version_id: str | None = None
    event_name: str | None = field(default=None, compare=False)  # ObjectCreated:Put
    event_time: str | None = field(default=None, compare=False)  # ISO 8601
    # Two uploads of a key have two; duplicates of an event have the same.
    sequencer: str | None = field(default=None, compare=False)
    size: int | None = field(default=None, compare=False)  # bytes
    e_tag: str | None = field(default=None, compare=False)

    @property
    def order(self) -> str:
        """The place of this upload among all uploads of the same key, as a text of fixed width: a later upload has a
        greater one. Empty, and so before all others, where the event has no sequencer.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        """
        return self.sequencer.upper().ljust(SEQUENCER_DIGITS, "0") if self.sequencer else ""


def is_event(event: Any) -> bool:
    """Whether it has the structure of an S3 event: a test event, or one with records."""
    return isinstance(event, dict) and (event.get("Event") == "s3:TestEvent" or bool(event.get("Records")))


def for_each_object(
    event: Any,
    process: Callable[[S3Object], Given],
    *,
    kinds: Sequence[str] = CREATED,
    finish_batch: Callable[[list[Given]], Sequence[Exception | None]] | None = None,
) -> int:
    """Attempt every record, then raise `RecordsFailed` if any failed: the event comes again, so `process` must be
    safe to repeat. Returns how many records were processed. Raises `MalformedEvent` for what S3 does not send.

    S3 may send its events itself, through an SNS topic, or through EventBridge; for a queue see `sqs.for_each_object`.
    `kinds` are what names of events begin with: `("ObjectRemoved:",)`. A record of another kind fails.

    A version that is gone (`VersionGone`) is logged and counted (metric `ObjectsGone`) and fails nothing: as a failure
    it would be retried and kept for nothing.

    `finish_batch` handles all results of `process` in one call; it returns an error or None per record.
    """
    records = _records(event)
    attempts = Attempts(len(records))
    given: dict[int, Given] = {}
    gone = 0
    for number, record in enumerate(records):
        try:
            if isinstance(record, MalformedEvent):
                raise record
            given[number] = process(_parse(record, kinds))
        except VersionGone as error:
            logger.warning("gone before it was read", extra={"reason": str(error), "record": record})
            metrics.add_metric("ObjectsGone", MetricUnit.Count, 1)
            gone += 1
        except Exception as error:  # noqa: BLE001 - logged, and raised at the end
            attempts.fail(number, error, record=record)
    if finish_batch and given:
        try:
            outcomes = finish_batch(list(given.values()))
        except Exception as error:  # noqa: BLE001 - logged, and raised at the end
            outcomes = [error] * len(given)
        for number, outcome in zip(given, outcomes, strict=True):
            if outcome:
                attempts.fail(number, outcome, record=records[number])
    attempts.raise_failures()
    return len(records) - gone


def _records(event: Any) -> list[Any]:
    """The records of an event in S3's structure, and errors in place of what cannot be unwrapped."""
    fields = event if isinstance(event, Mapping) else {}
    if fields.get("Event") == "s3:TestEvent":
        logger.info("S3 test event: the notification is in place")
        return []
    if "detail-type" in fields:
        from ._s3_by_other_ways import of_eventbridge  # imported on first use, to keep the usual cold start short

        return [of_eventbridge(fields)]
    records = fields.get("Records")
    if not isinstance(records, list):
        raise MalformedEvent("neither an S3 event nor a test event: it has no list of Records")
    unwrapped: list[Any] = []
    for record in records:
        if not isinstance(record, Mapping) or "Sns" not in record:
            unwrapped.append(record)
            continue
        from ._s3_by_other_ways import of_sns

        try:
            unwrapped += _records(of_sns(record))
        except MalformedEvent as error:
            unwrapped.append(error)
    return unwrapped


def _parse(record: Any, kinds: Sequence[str]) -> S3Object:
    try:
        name = record["eventName"]
        bucket = record["s3"]["bucket"]["name"]
        key = record["s3"]["object"]["key"]
        optional = {
            "versionId": record["s3"]["object"].get("versionId"),
            "eventTime": record.get("eventTime"),
            "sequencer": record["s3"]["object"].get("sequencer"),
            "eTag": record["s3"]["object"].get("eTag"),
        }
        size = record["s3"]["object"].get("size")
    except KeyError as error:
        raise MalformedEvent(f"not a record of an S3 event: no {error}") from error
    except (TypeError, AttributeError) as error:
        raise MalformedEvent("not a record of an S3 event: a part of it is no JSON object") from error
    if not all(isinstance(one, str) and one for one in (name, bucket, key)):
        raise MalformedEvent("eventName, bucket name and object key must be texts that are not empty")
    if not name.startswith(tuple(kinds)):
        expected = "the creation of an object" if tuple(kinds) == CREATED else " or ".join(kinds)
        raise MalformedEvent(f"{name} is not {expected}")
    for field_name, value in optional.items():
        if value is not None and not isinstance(value, str):
            raise MalformedEvent(f"{field_name} must be a text")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise MalformedEvent("size must be a number of bytes")
    return S3Object(
        bucket=bucket,
        # Decoded once only: `a b+c` arrives as `a+b%2Bc`.
        key=unquote_plus(key),
        version_id=optional["versionId"] or None,
        event_name=name,
        event_time=optional["eventTime"] or None,
        sequencer=optional["sequencer"] or None,
        size=size,
        e_tag=optional["eTag"] or None,
    )
