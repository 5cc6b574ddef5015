"""Batches of changes that Lambda reads from a DynamoDB table's stream, with the first failure reported.

It needs `ReportBatchItemFailures`, which `Table.on_change` sets.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ._attempts import Attempts, records_of
from .errors import MalformedEvent
from .items import plain_of_stream

KINDS = ("INSERT", "MODIFY", "REMOVE")
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
EXPIRY = "dynamodb.amazonaws.com"

Answer = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class ItemChange:
    """One change of an item.

    `kind` is `INSERT`, `MODIFY` or `REMOVE`. `new` and `old` are the item after and before as plain values (numbers
    are int or Decimal), None where there is none or the stream's view leaves it out. `expired` says that DynamoDB
    removed the item because its time to live ended.
    """

    kind: str
    keys: Mapping[str, Any]
    new: Mapping[str, Any] | None
    old: Mapping[str, Any] | None
    sequence_number: str
    time: datetime | None
    expired: bool
    stream_arn: str


def for_each_change(event: Any, process: Callable[[ItemChange], object]) -> Answer:
    """Attempt every change and return the first that failed, for the function to return.

    Lambda repeats the batch from that change on, until the mapping's `retries` are used up. Changes of an item stay in
    order: after a failure its later ones are not attempted, those of other items are. Changes come at least once, and
    those after a failure come again with it, so `process` must be safe to repeat. Failures are logged and counted
    (metric `RecordsFailed`), because Lambda counts no error for them.

    Raises `MalformedEvent` for what is no event of a stream, and `RecordsFailed` if a failed record has no sequence
    number to report.
    """
    records = records_of(event, "a DynamoDB stream")
    attempts = Attempts(len(records))
    first = ""
    nameless = False
    stopped: set[str] = set()
    for number, record in enumerate(records):
        item, sequence = _item(record), _sequence_number(record)
        if item in stopped:
            continue
        try:
            process(_change(record))
        except Exception as error:  # noqa: BLE001 - logged, and reported
            attempts.fail(number, error, sequence_number=sequence)
            first, nameless = first or sequence, nameless or not sequence
            stopped.add(item)
    attempts.count_failures()
    if nameless:
        attempts.raise_failures()
    return {"batchItemFailures": [{"itemIdentifier": first}] if first else []}


def _item(record: Any) -> str:
    """What identifies the changed item; of a malformed record, the record."""
    try:
        return json.dumps(record["dynamodb"]["Keys"], sort_keys=True)
    except (KeyError, TypeError):
        return json.dumps(record, sort_keys=True, default=str)


def _sequence_number(record: Any) -> str:
    try:
        number = record["dynamodb"]["SequenceNumber"]
    except (KeyError, TypeError):
        return ""
    return number if isinstance(number, str) else ""


def _change(record: Any) -> ItemChange:
    try:
        kind, inside = record["eventName"], record["dynamodb"]
        keys, number = plain_of_stream(inside["Keys"]), inside["SequenceNumber"]
        new, old = (plain_of_stream(inside[name]) if inside.get(name) else None for name in ("NewImage", "OldImage"))
        seconds = inside.get("ApproximateCreationDateTime")
        time = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
        who = record.get("userIdentity") or {}
        expired = kind == "REMOVE" and who.get("type") == "Service" and who.get("principalId") == EXPIRY
    except KeyError as error:
        raise MalformedEvent(f"not a record of a DynamoDB stream: no {error}") from error
    except (TypeError, AttributeError, ValueError, ArithmeticError, OSError) as error:
        raise MalformedEvent("not a record of a DynamoDB stream: a part of it has another structure") from error
    if kind not in KINDS or not isinstance(number, str) or not number:
        raise MalformedEvent("not a record of a DynamoDB stream: eventName or SequenceNumber is none")
    return ItemChange(kind, keys, new, old, number, time, expired, str(record.get("eventSourceARN") or ""))
