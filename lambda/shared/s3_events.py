"""S3 event notifications, as S3 really sends them.

At least once and in no order; keys URL-encoded; a test event without records when the notification is made.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from .observability import logger


class MalformedEvent(ValueError):
    """The event, or a record of it, is not what S3 sends."""


class RecordsFailed(RuntimeError):
    """Some records of an event could not be processed; Lambda retries the event, then keeps it."""


@dataclass(frozen=True)
class S3Object:
    """One object version that an event, or a person, names. `key` is decoded.

    What follows the version is what an event says of it, as S3 sent it; it makes no other object of it.
    """

    bucket: str
    key: str
    version_id: str | None = None
    event_name: str | None = field(default=None, compare=False)  # ObjectCreated:Put
    event_time: str | None = field(default=None, compare=False)  # ISO 8601
    # Two uploads of a key have two; duplicates of an event have the same.
    sequencer: str | None = field(default=None, compare=False)


def for_each_object(event: Any, process: Callable[[S3Object], object], *, at_once: int = 1) -> int:
    """Attempt every record, then raise `RecordsFailed` if any failed: the event comes again, so `process` must be
    safe to repeat, and with `at_once`, how many records are attempted side by side, to run in threads. Returns how many
    records were processed. Raises `MalformedEvent` for what S3 does not send.
    """
    fields = event if isinstance(event, dict) else {}
    if fields.get("Event") == "s3:TestEvent":
        logger.info("S3 test event: the notification is in place")
        return 0
    records = fields.get("Records")
    if not isinstance(records, list):
        raise MalformedEvent("neither an S3 event nor a test event: it has no list of Records")

    def attempt(number: int, record: Any) -> str | None:
        try:
            process(_parse(record))
        except Exception as error:  # noqa: BLE001
            # Logged with its detail here and raised below: one bad record must not keep the others waiting.
            logger.exception("record failed", extra={"record_number": number, "record": record})
            return f"record {number}: {type(error).__name__}: {error}"
        return None

    failures = [failure for failure in _results(attempt, records, at_once) if failure]
    if failures:
        raise RecordsFailed(f"{len(failures)} of {len(records)} records failed: " + "; ".join(failures))
    return len(records)


def _results(attempt: Callable[[int, Any], str | None], records: list[Any], at_once: int) -> list[str | None]:
    if at_once == 1 or len(records) == 1:  # as S3 sends them; starting threads would cost more than it saves
        return [attempt(number, record) for number, record in enumerate(records)]
    from concurrent.futures import ThreadPoolExecutor  # not at a cold start for what few events need

    # Each in a context of its own, so that its AWS calls belong to this invocation's trace.
    with ThreadPoolExecutor(min(at_once, len(records) or 1)) as pool:
        begun = [pool.submit(copy_context().run, attempt, number, record) for number, record in enumerate(records)]
    return [one.result() for one in begun]


def _parse(record: Any) -> S3Object:
    try:
        name = record["eventName"]
        bucket = record["s3"]["bucket"]["name"]
        key = record["s3"]["object"]["key"]
        optional = {
            "versionId": record["s3"]["object"].get("versionId"),
            "eventTime": record.get("eventTime"),
            "sequencer": record["s3"]["object"].get("sequencer"),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise MalformedEvent(f"not a record of an S3 event: {type(error).__name__} {error}") from error
    if not all(isinstance(one, str) and one for one in (name, bucket, key)):
        raise MalformedEvent("eventName, bucket name and object key must be texts that are not empty")
    if not name.startswith("ObjectCreated:"):
        raise MalformedEvent(f"{name} is not the creation of an object")
    for field_name, value in optional.items():
        if value is not None and not isinstance(value, str):
            raise MalformedEvent(f"{field_name} must be a text")
    return S3Object(
        bucket=bucket,
        # Once, never twice: `a b+c` arrives as `a+b%2Bc`.
        key=unquote_plus(key),
        version_id=optional["versionId"] or None,
        event_name=name,
        event_time=optional["eventTime"] or None,
        sequencer=optional["sequencer"] or None,
    )
