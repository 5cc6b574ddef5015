"""Every event that AWS documents is read, whole: no field of it, and none that AWS may add, is in the way."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_functions import eventbridge, http, s3_events, schedules, sns, sqs, streams
from sluice_functions.s3_events import S3Object

from .documented_events import (
    BUS_EVENTS,
    CHANGES,
    MESSAGES,
    NOTIFICATIONS,
    S3_RECORDS,
    Document,
    requests,
)

NO_FAILURES: dict[str, list[dict[str, str]]] = {"batchItemFailures": []}
several = settings(max_examples=30)


def batches(records: st.SearchStrategy[Document]) -> st.SearchStrategy[list[Document]]:
    return st.lists(records, min_size=1, max_size=3)


def s3_object(record: Document) -> tuple[Any, ...]:
    about = record["s3"]["object"]
    return (
        record["s3"]["bucket"]["name"],
        unquote_plus(about["key"]),
        *(about.get(name) for name in ("versionId", "sequencer", "size", "eTag")),
        record["eventTime"],
        record["eventName"],
    )


def read(one: S3Object) -> tuple[Any, ...]:
    return (
        *(one.bucket, one.key, one.version_id, one.sequencer, one.size, one.e_tag),
        *(one.event_time, one.event_name),
    )


@several
@given(batches(S3_RECORDS))
def test_objects(records: list[Document]) -> None:
    seen: list[S3Object] = []
    assert s3_events.for_each_object({"Records": records}, seen.append) == len(records)
    assert [read(one) for one in seen] == [s3_object(record) for record in records]


@several
@given(batches(S3_RECORDS), NOTIFICATIONS, MESSAGES)
def test_objects_through_a_topic_and_a_queue(
    records: list[Document], notification: Document, message: Document
) -> None:
    published = {**notification, "Message": json.dumps({"Records": records})}
    expected = [s3_object(record) for record in records]
    seen: list[S3Object] = []
    s3_events.for_each_object({"Records": [{"Sns": published}]}, seen.append)
    queued = {**message, "body": json.dumps(published)}
    assert sqs.for_each_object({"Records": [queued]}, seen.append) == NO_FAILURES
    assert [read(one) for one in seen] == expected * 2


def values(attributes: Mapping[str, Document], kind: str, text: str, binary: str) -> dict[str, str | bytes]:
    return {
        name: base64.b64decode(one[binary]) if one[kind].startswith("Binary") else one[text]
        for name, one in attributes.items()
    }


@several
@given(batches(MESSAGES))
def test_messages(records: list[Document]) -> None:
    seen: list[sqs.QueueMessage] = []
    assert sqs.for_each_message({"Records": records}, seen.append) == NO_FAILURES
    assert [(one.id, one.body, one.attributes, one.message_attributes, one.queue_arn) for one in seen] == [
        (
            record["messageId"],
            record["body"],
            record.get("attributes", {}),
            values(record.get("messageAttributes", {}), "dataType", "stringValue", "binaryValue"),
            record.get("eventSourceARN", ""),
        )
        for record in records
    ]


@several
@given(batches(NOTIFICATIONS))
def test_notifications(records: list[Document]) -> None:
    seen: list[sns.TopicMessage] = []
    assert sns.for_each_notification({"Records": [{"Sns": one} for one in records]}, seen.append) == len(records)
    assert [(one.id, one.body, one.subject, one.attributes, one.topic_arn, one.time) for one in seen] == [
        (
            record["MessageId"],
            record["Message"],
            record.get("Subject"),
            values(record.get("MessageAttributes", {}), "Type", "Value", "Value"),
            record["TopicArn"],
            datetime.fromisoformat(record["Timestamp"]),
        )
        for record in records
    ]


@several
@given(BUS_EVENTS)
def test_events_of_a_bus(event: Document) -> None:
    one = eventbridge.received(event)
    assert [one.id, one.source, one.detail_type, one.detail, one.account, one.region, list(one.resources)] == [
        event[name] for name in ("id", "source", "detail-type", "detail", "account", "region", "resources")
    ]
    assert one.time == datetime.fromisoformat(event["time"])
    assert schedules.scheduled({**event, "detail-type": "Scheduled Event"}).time == one.time


def plain(attribute: Document) -> Any:
    ((kind, value),) = attribute.items()
    if kind in ("SS", "NS", "BS"):
        return {plain({kind[0]: one}) for one in value}
    if kind in ("L", "M"):
        return [plain(one) for one in value] if kind == "L" else {name: plain(one) for name, one in value.items()}
    if kind in ("N", "B"):
        return Decimal(value) if kind == "N" else base64.b64decode(value)
    return None if kind == "NULL" else value


@several
@given(CHANGES)
def test_changes_of_a_table(record: Document) -> None:
    seen: list[streams.ItemChange] = []
    assert streams.for_each_change({"Records": [record]}, seen.append) == NO_FAILURES
    (one,) = seen
    about = record["dynamodb"]
    images = [
        {name: plain(value) for name, value in about[image].items()} if image in about else None
        for image in ("Keys", "NewImage", "OldImage")
    ]
    assert [one.keys, one.new, one.old] == images
    assert (one.kind, one.sequence_number) == (record["eventName"], about["SequenceNumber"])
    assert one.expired == (record["eventName"] == "REMOVE" and bool(record.get("userIdentity")))


@several
@given(requests())
def test_requests(given: tuple[Document, Document]) -> None:
    event, body = given
    assert http.is_request(event)
    assert (http.method(event), http.path(event), http.header(event, "x-wanted")) == ("POST", "/orders/1", "one")
    assert http.query_parameter(event, "page") is None
    assert http.json_body(event, longest=100_000) == body
