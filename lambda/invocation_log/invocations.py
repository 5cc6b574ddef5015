"""Rows of the invocation log: pure functions."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sluice_functions.errors import MalformedEvent
from sluice_functions.s3_events import S3Object

Row = dict[str, str]

# Must never change: the ids of all rows depend on it.
NAMESPACE = UUID("eded5add-2a2b-4ae1-bbc5-110b82665a85")


def row(found: S3Object, function_name: str, aws_request_id: str) -> Row:
    """The row of one record of an event.

    `requestId` and `timestamp`, the table's keys, come from the record and never from chance or the clock: an event
    that S3 or Lambda delivers again, or that is replayed from the failure queue, finds its row. Two records of one
    event, and two uploads of one key, have two sequencers and so two rows. (A random id for each invocation would add a
    row for each delivery, and one for all records of an event would keep the last record only.)

    Raises `MalformedEvent` for a record that does not say when it happened or where it stands in its key's sequence.
    """
    if not (found.event_time and found.sequencer):
        raise MalformedEvent("eventTime and sequencer must be there: they tell one upload of a key from another")
    upload = [found.bucket, found.key, found.version_id, found.sequencer, found.event_name]
    return {
        "requestId": str(uuid5(NAMESPACE, json.dumps(upload))),
        "timestamp": _timestamp(found.event_time),
        "bucketName": found.bucket,
        "objectKey": found.key,
        "eventName": str(found.event_name),
        "functionName": function_name,
        "awsRequestId": aws_request_id,
    }


def _timestamp(text: str) -> str:
    """ISO 8601 in UTC with milliseconds, as S3 has it: in this one form texts sort by time."""
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            raise MalformedEvent(f"eventTime {text!r} names no time zone")
        return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise MalformedEvent(f"eventTime {text!r} is not an ISO 8601 time") from error
