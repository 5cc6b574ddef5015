"""Events of each source, damaged in one place: processed, reported, or refused in words."""

import copy
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_functions import eventbridge, http, s3_events, schedules, sns, sqs, streams
from sluice_functions.errors import UNEXPECTED, MalformedEvent, RecordsFailed
from sluice_functions.http import InvalidRequest

from .strategies import JSON

Event = dict[str, Any]

S3 = {
    "eventName": "ObjectCreated:Put",
    "eventTime": "2025-01-02T03:04:05Z",
    "s3": {"bucket": {"name": "b"}, "object": {"key": "k", "versionId": "v", "size": 1, "eTag": "e", "sequencer": "0"}},
}
BUS = {
    "id": "e",
    "source": "aws.s3",
    "detail-type": "Object Created",
    "time": "2025-01-02T03:04:05Z",
    "account": "0",
    "region": "r",
    "resources": ["arn"],
    "detail": {"bucket": {"name": "b"}, "object": {"key": "k", "version-id": "v", "size": 1}, "reason": "PutObject"},
}
ENVELOPE = {
    "Type": "Notification",
    "MessageId": "n",
    "TopicArn": "arn",
    "Subject": "s",
    "Message": json.dumps({"Records": [S3]}),
    "Timestamp": "2025-01-02T03:04:05.678Z",
    "MessageAttributes": {"a": {"Type": "Binary", "Value": "AA=="}},
}
MESSAGE = {
    "messageId": "m",
    "body": json.dumps({"Records": [S3]}),
    "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "g"},
    "messageAttributes": {
        "a": {"dataType": "Binary", "binaryValue": "AA=="},
        "b": {"dataType": "String", "stringValue": "x"},
    },
    "eventSourceARN": "arn:aws:sqs:r:0:q.fifo",
}
CHANGE = {
    "eventName": "MODIFY",
    "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
    "dynamodb": {
        "Keys": {"id": {"S": "1"}},
        "NewImage": {
            "id": {"S": "1"},
            "all": {"L": [{"N": "1"}, {"B": "AA=="}, {"M": {"x": {"NULL": True}}}, {"SS": ["a"]}]},
        },
        "OldImage": {"id": {"S": "1"}},
        "SequenceNumber": "1",
        "ApproximateCreationDateTime": 1735787045.0,
    },
}
REQUEST = {
    "httpMethod": "POST",
    "resource": "/orders/{id}",
    "path": "/orders/1",
    "headers": {"Content-Type": "application/json", "Idempotency-Key": "k"},
    "queryStringParameters": {"a": "b"},
    "multiValueQueryStringParameters": {"a": ["b"]},
    "pathParameters": {"id": "1"},
    "requestContext": {"authorizer": {"principalId": "p", "claims": {"sub": "s"}}, "identity": {"userArn": None}},
    "body": "{}",
    "isBase64Encoded": False,
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a JSON value."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def changed(template: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    if not path:
        return replacement
    whole = copy.deepcopy(template)
    inside = whole
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = replacement
    return whole


def damaged(template: Any) -> st.SearchStrategy[Any]:
    """The template with anything in place of one of its values."""
    return st.builds(changed, st.just(template), st.sampled_from(list(places(template))), JSON)


def refusal(call: Callable[[], Any]) -> tuple[Any, str]:
    """What a call returns, and what it refuses its event with. Any other error fails the test."""
    try:
        return call(), ""
    except (MalformedEvent, RecordsFailed, InvalidRequest) as refused:
        assert str(refused)  # noqa: PT017
        return None, str(refused)


def nothing(record: Any) -> None:
    """Looks at all that a record offers."""
    repr(record)
    if isinstance(record, sqs.QueueMessage):
        assert isinstance(record.receive_count, int)
        assert record.group_id is None or isinstance(record.group_id, str)


BATCHES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "messages": (lambda event: sqs.for_each_message(event, nothing), MESSAGE),
    "objects in messages": (lambda event: sqs.for_each_object(event, nothing), MESSAGE),
    "notifications in messages": (lambda event: sqs.for_each_notification(event, nothing), MESSAGE),
    "events in messages": (lambda event: sqs.for_each_event(event, nothing), MESSAGE),
    "notifications": (lambda event: sns.for_each_notification(event, nothing), {"Sns": ENVELOPE}),
    "objects in notifications": (lambda event: s3_events.for_each_object(event, nothing), {"Sns": ENVELOPE}),
    "objects": (lambda event: s3_events.for_each_object(event, nothing), S3),
    "changes": (lambda event: streams.for_each_change(event, nothing), CHANGE),
}


@pytest.mark.parametrize("source", BATCHES)
def test_a_batch_with_a_damaged_record_is_processed_reported_or_refused(source: str) -> None:
    process, record = BATCHES[source]

    @settings(max_examples=50)
    @given(damaged(record), st.booleans())
    def check(one: Any, again: bool) -> None:
        answer, refused = refusal(lambda: process({"Records": [one, record] if again else [one]}))
        assert UNEXPECTED not in refused
        if isinstance(answer, dict):
            assert all(one["itemIdentifier"] for one in answer["batchItemFailures"])

    check()


@pytest.mark.parametrize("source", BATCHES)
def test_what_is_no_event_is_refused(source: str) -> None:
    process, _ = BATCHES[source]

    @settings(max_examples=40)
    @given(JSON)
    def check(event: Any) -> None:
        assert UNEXPECTED not in refusal(lambda: process(event))[1]

    check()


@given(damaged(MESSAGE))
def test_messages_beside_a_damaged_one_are_processed(damage: Any) -> None:
    seen: list[str] = []
    good = [{"messageId": f"good-{number}", "body": "x"} for number in range(2)]
    records = [good[0], damage, good[1]]
    answer, refused = refusal(lambda: sqs.for_each_message({"Records": records}, lambda one: seen.append(one.id)))
    if answer is None:
        assert refused.startswith("1 of 3 records failed: record 1: ")
    else:
        assert not {"good-0", "good-1"} & {one["itemIdentifier"] for one in answer["batchItemFailures"]}
    assert [one for one in seen if one.startswith("good-")] == ["good-0", "good-1"]


@given(damaged({"Records": [S3]}), st.integers(0, 2))
def test_what_a_message_holds_is_damaged_and_the_message_reported(inside: Any, envelopes: int) -> None:
    body = json.dumps(inside)
    for _ in range(envelopes):
        body = json.dumps({**ENVELOPE, "Message": body})
    seen: list[Any] = []
    answer = sqs.for_each_object({"Records": [{"messageId": "m", "body": body}]}, seen.append)
    assert answer in ({"batchItemFailures": []}, {"batchItemFailures": [{"itemIdentifier": "m"}]})
    assert bool(seen) != bool(answer["batchItemFailures"]) or inside.get("Records") == []


@given(damaged(BUS))
def test_an_event_of_a_bus_is_read_or_refused(event: Any) -> None:
    for read in (eventbridge.received, schedules.scheduled, lambda one: s3_events.for_each_object(one, nothing)):
        assert UNEXPECTED not in refusal(functools.partial(read, event))[1]


@given(damaged(REQUEST))
def test_a_request_is_read_or_refused(event: Any) -> None:
    if not http.is_request(event):
        return
    for read in (
        lambda: http.header(event, "idempotency-key"),
        lambda: http.path_parameter(event, "id"),
        lambda: http.query_parameter(event, "a"),
        lambda: http.caller(event),
        lambda: http.json_body(event, longest=1000),
    ):
        refusal(read)
