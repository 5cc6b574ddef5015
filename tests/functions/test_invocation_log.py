"""The invocation log function with S3's events, against a table on the local AWS."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_functions.environment import MissingVariable
from sluice_functions.errors import MalformedEvent, RecordsFailed
from sluice_functions.s3_events import for_each_object
from tests.support.faults import Answer, ProxiedRequest, Proxy, proxy, refusing
from tests.support.functions import LambdaContext, loaded
from tests.support.modelled_calls import modelled_calls, received_calls
from tests.support.s3_events import TEST_EVENT, created, event

BUCKET = "trigger"


@dataclass(frozen=True)
class Log:
    """The function, its table, and a proxy in front of DynamoDB."""

    handler: Any
    table: str
    proxy: Proxy
    dynamodb: Any

    def handle(self, event: Any, request_id: str = "request-1") -> Any:
        return self.handler.handle(event, LambdaContext(function_name="s3-processor", aws_request_id=request_id))

    def rows(self) -> list[dict[str, str]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        rows = [{name: value["S"] for name, value in item.items()} for page in pages for item in page["Items"]]
        return sorted(rows, key=lambda row: (row["objectKey"], row["timestamp"]))


@pytest.fixture(scope="module")
def endpoint(local_aws: LocalAws) -> Iterator[Proxy]:
    with proxy(local_aws) as made:
        yield made


def variables(local_aws: LocalAws, table: str, url: str) -> dict[str, str]:
    """The function's environment. AWS_ENDPOINT_URL alone leads to the local AWS."""
    return {
        **local_aws.environment(),
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "DYNAMODB_TABLE_NAME": table,
    }


@pytest.fixture
def log(local_aws: LocalAws, endpoint: Proxy) -> Iterator[Log]:
    """A log with a table of its own for each test."""
    dynamodb, table = local_aws.client("dynamodb", region_name="us-west-2"), f"test-log-{uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "requestId", "KeyType": "HASH"},
            {"AttributeName": "timestamp", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("requestId", "timestamp")],
    )
    endpoint.requests.clear()
    with loaded("invocation_log", variables(local_aws, table, endpoint.url)) as handler:
        yield Log(handler, table, endpoint, dynamodb)
    endpoint.fault = lambda request: None
    dynamodb.delete_table(TableName=table)


def test_a_record_takes_the_calls_that_are_explained_and_no_other(log: Log) -> None:
    log.handle(event(created(BUCKET, "counted")))
    assert received_calls(log.proxy.requests) == modelled_calls("invocation-log")


def test_a_record_becomes_a_row_of_exactly_the_documents_attributes(log: Log) -> None:
    assert log.handle(event(created(BUCKET, "orders/order 1.json"))) == {"logged": 1}
    (row,) = log.rows()
    assert UUID(row.pop("requestId")).version == 5
    assert row == {
        "timestamp": "2026-01-02T03:04:05.678Z",
        "bucketName": BUCKET,
        "objectKey": "orders/order 1.json",
        "eventName": "ObjectCreated:Put",
        "functionName": "s3-processor",
        "awsRequestId": "request-1",
    }


def test_two_records_of_one_event_each_get_a_row(log: Log) -> None:
    assert log.handle(event(created(BUCKET, "one"), created(BUCKET, "two"))) == {"logged": 2}
    one, two = log.rows()
    assert (one["objectKey"], two["objectKey"]) == ("one", "two")
    assert one["requestId"] != two["requestId"]
    assert one["awsRequestId"] == two["awsRequestId"] == "request-1"


def test_an_event_that_comes_again_changes_nothing(log: Log) -> None:
    again = event(created(BUCKET, "one"), created(BUCKET, "two"))
    log.handle(again)
    before = log.rows()
    assert log.handle(again, "request-2") == {"logged": 2}
    assert log.rows() == before
    assert {row["awsRequestId"] for row in before} == {"request-1"}


def test_a_record_twice_in_one_event_gives_one_row(log: Log) -> None:
    record = created(BUCKET, "doubled")
    assert log.handle(event(record, record)) == {"logged": 2}
    assert len(log.rows()) == 1


def test_the_same_event_many_times_at_once_gives_one_row(log: Log) -> None:
    record, store = event(created(BUCKET, "rush")), log.handler.STORE

    def add(number: int) -> None:
        for_each_object(record, lambda found: log.handler.row(found, "f", f"request-{number}"), finish_batch=store.add)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(add, range(12)))
    assert len(log.rows()) == 1


@pytest.mark.parametrize("seed", range(2))
def test_events_of_many_uploads_shuffled_doubled_and_at_once_give_the_row_that_was_first_each(
    log: Log, seed: int
) -> None:
    chance, store = random.Random(seed), log.handler.STORE  # noqa: S311 - not a secret
    uploads = [
        {
            **created(BUCKET, "storm", sequencer=f"0055AED6DCD90281{number:02X}"),
            "eventTime": f"2026-01-02T03:04:0{number}Z",
        }
        for number in range(8)
    ]
    records = [one for one in uploads for _ in range(chance.randint(1, 4))]
    chance.shuffle(records)

    def add(number: int) -> None:
        for_each_object(
            event(records[number]),
            lambda found: log.handler.row(found, "f", f"request-{number}"),
            finish_batch=store.add,
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(len(records))))
    first = log.rows()
    assert [row["timestamp"] for row in first] == [f"2026-01-02T03:04:0{number}.000Z" for number in range(8)]
    for record in uploads:  # oldest first: all of them late
        log.handle(event(record), "late")
    assert log.rows() == first


def upload(**changes: Any) -> dict[str, Any]:
    """A record of one upload, or of another upload with different fields."""
    record = created(changes.pop("bucket", BUCKET), changes.pop("key", "key"), changes.pop("version", "v1"))
    record["s3"]["object"].update({name: changes.pop(name) for name in ("sequencer",) if name in changes})
    return {**record, **changes}


@pytest.mark.parametrize(
    "other",
    [
        upload(sequencer="0055AED6DCD90281E6"),
        upload(version="v2"),
        upload(key="Key"),
        upload(bucket="other"),
        upload(eventName="ObjectCreated:Copy"),
        upload(eventTime="2026-01-02T03:04:05.679Z"),
        # Different fields must not become equal when they are joined.
        upload(bucket=f"{BUCKET}k", key="ey"),
    ],
    ids=["sequencer", "version", "key", "bucket", "event", "time", "joined"],
)
def test_two_uploads_each_get_a_row(log: Log, other: dict[str, Any]) -> None:
    log.handle(event(upload()))
    log.handle(event(other))
    assert len(log.rows()) == 2


def test_fields_that_do_not_identify_an_upload_give_no_second_row(log: Log) -> None:
    log.handle(event(upload()))
    log.handle(event(upload(responseElements={"x-amz-request-id": "another"}, awsRegion="eu-central-1")))
    assert len(log.rows()) == 1


def test_an_id_is_the_same_on_every_machine_and_for_ever(log: Log) -> None:
    # Another derivation of ids would give every replayed event a second row.
    log.handle(event(upload()))
    assert [row["requestId"] for row in log.rows()] == ["1d12676a-43a3-5a13-91c8-72ff0a797b3e"]


@pytest.mark.parametrize("key", ["a b", "a+b", "100%.pdf", "%20", "länder/日本/—.json", "line\nbreak", "k" * 1024, "/"])
def test_a_key_is_decoded_exactly_once(log: Log, key: str) -> None:
    log.handle(event(created(BUCKET, key)))
    assert [row["objectKey"] for row in log.rows()] == [key]


@pytest.mark.parametrize("key", ["ctrl\x01.txt", "\x00", "cr\rend\x1f", "photos/2026/"])
def test_a_key_with_control_characters_and_a_folder_marker_are_logged_like_any_object(log: Log, key: str) -> None:
    assert log.handle(event(created(BUCKET, key))) == {"logged": 1}
    assert [row["objectKey"] for row in log.rows()] == [key]


def test_no_object_is_read_so_that_a_purged_archived_or_encrypted_one_is_logged_too(log: Log) -> None:
    # The bucket does not exist, and the function's role may not read any.
    assert log.handle(event(created(BUCKET, "purged", "no-such-version"))) == {"logged": 1}
    targets = [request.headers.get("X-Amz-Target", "S3") for request in log.proxy.requests]
    assert targets == ["DynamoDB_20120810.PutItem"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        ("2026-01-02T03:04:05.6789Z", "2026-01-02T03:04:05.678Z"),
        ("2026-01-02T04:04:05.678+01:00", "2026-01-02T03:04:05.678Z"),
    ],
)
def test_timestamps_have_one_form_so_that_they_sort_by_time(log: Log, given: str, stored: str) -> None:
    log.handle(event(upload(eventTime=given)))
    assert [row["timestamp"] for row in log.rows()] == [stored]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, "not a record of an S3 event"),
        ({}, "not a record of an S3 event: no 'eventName'"),
        (upload(eventName="ObjectRemoved:Delete"), "ObjectRemoved:Delete is not the creation of an object"),
        (upload(eventTime=None), "eventTime and sequencer must be there"),
        (upload(eventTime=""), "eventTime and sequencer must be there"),
        (upload(eventTime=5), "eventTime must be a text"),
        (upload(eventTime="yesterday"), "eventTime 'yesterday' is not an ISO 8601 time"),
        (upload(eventTime="2026-01-02T03:04:05"), "names no time zone"),
        (upload(eventTime="0001-01-01T00:00:00+14:00"), "is not an ISO 8601 time"),
        (upload(sequencer=None), "eventTime and sequencer must be there"),
        (upload(sequencer=7), "sequencer must be a text"),
    ],
    ids=str,
)
def test_a_malformed_record_is_raised_with_its_reason_and_leaves_no_row(log: Log, record: Any, reason: str) -> None:
    with pytest.raises(RecordsFailed, match=f"^1 of 1 records failed: record 0: .*{reason}"):
        log.handle({"Records": [record]})
    assert log.proxy.requests == []


def test_good_records_are_logged_whatever_their_neighbours_are(log: Log) -> None:
    with pytest.raises(RecordsFailed, match=r"^2 of 4 records failed: record 0: .*; record 2: "):
        log.handle(event({}, created(BUCKET, "good 1"), created(BUCKET, ""), created(BUCKET, "good 2")))
    assert [row["objectKey"] for row in log.rows()] == ["good 1", "good 2"]


def test_a_record_that_dynamodb_refuses_does_not_prevent_others_from_being_logged(log: Log) -> None:
    too_large = created(BUCKET, "x" * 400 * 1024)
    with pytest.raises(RecordsFailed, match=r"^1 of 3 records failed: record 1: .*ValidationException"):
        log.handle(event(created(BUCKET, "before"), too_large, created(BUCKET, "behind")))
    assert [row["objectKey"] for row in log.rows()] == ["before", "behind"]


@pytest.mark.parametrize(
    "malformed", [{}, {"Records": None}, {"Records": "text"}, {"Event": "s3:Other"}, [], "x", None]
)
def test_an_event_that_is_not_s3s_raises_an_error(log: Log, malformed: Any) -> None:
    with pytest.raises(MalformedEvent, match="neither an S3 event nor a test event"):
        log.handle(malformed)
    assert log.proxy.requests == []


def test_the_event_s3_sends_to_try_a_notification_is_not_logged(log: Log) -> None:
    assert log.handle(TEST_EVENT) == {"logged": 0}
    assert log.proxy.requests == []


def test_a_table_that_fails_once_is_tried_again_within_the_invocation(log: Log) -> None:
    log.proxy.fault = refusing(500, times=1)
    assert log.handle(event(created(BUCKET, "second try"))) == {"logged": 1}
    assert [row["objectKey"] for row in log.rows()] == ["second try"]
    assert len(log.proxy.requests) == 2


def test_a_table_that_keeps_failing_is_raised_so_that_lambda_keeps_the_event(log: Log) -> None:
    log.proxy.fault = refusing(500)
    with pytest.raises(RecordsFailed, match=r"^1 of 1 records failed: record 0: "):
        log.handle(event(created(BUCKET, "lost?")))
    assert log.rows() == []
    log.proxy.fault = lambda request: None
    log.handle(event(created(BUCKET, "lost?")), "request-2")
    assert [row["awsRequestId"] for row in log.rows()] == ["request-2"]


def test_an_answer_that_got_lost_doubles_no_row_and_fails_no_event(log: Log) -> None:
    lost = iter([True])

    def written_but_not_answered(request: ProxiedRequest) -> Answer | None:
        if not next(lost, False):
            return None
        # Written by the request whose answer is lost: botocore sends the same request again.
        log.dynamodb.put_item(TableName=log.table, Item={name: {"S": value} for name, value in first.items()})
        return Answer(500)

    log.handle(event(created(BUCKET, "answered late")))
    (first,) = log.rows()
    log.dynamodb.delete_item(TableName=log.table, Key={name: {"S": first[name]} for name in ("requestId", "timestamp")})
    log.proxy.fault = written_but_not_answered
    assert log.handle(event(created(BUCKET, "answered late"))) == {"logged": 1}
    assert log.rows() == [first]


def test_an_events_rows_cost_one_request_a_hundred_at_most_and_a_single_row_no_transaction(log: Log) -> None:
    log.handle(event(created(BUCKET, "alone")))
    log.handle(event(*[created(BUCKET, f"key {number}") for number in range(101)]))
    targets = [request.headers["X-Amz-Target"] for request in log.proxy.requests]
    assert targets == [f"DynamoDB_20120810.{name}" for name in ("PutItem", "TransactWriteItems", "PutItem")]
    assert len(log.rows()) == 102


def test_rows_that_are_there_already_keep_the_others_of_their_event_from_nothing(log: Log) -> None:
    first, second, third = (created(BUCKET, name) for name in ("first", "second", "third"))
    log.handle(event(second))
    assert log.handle(event(first, second, third), "request-2") == {"logged": 3}
    assert {row["objectKey"]: row["awsRequestId"] for row in log.rows()} == {
        "first": "request-2",
        "second": "request-1",
        "third": "request-2",
    }


def test_a_table_that_keeps_refusing_an_events_rows_fails_all_of_its_records(log: Log) -> None:
    log.proxy.fault = refusing(500)
    with pytest.raises(RecordsFailed, match=r"^2 of 2 records failed: record 0: An error occurred .*; record 1: "):
        log.handle(event(created(BUCKET, "one"), created(BUCKET, "two")))
    assert log.rows() == []
    assert len(log.proxy.requests) == 2  # both attempts of the one call: rows are not written one by one


def test_aws_endpoint_url_alone_selects_the_endpoint_of_the_table(local_aws: LocalAws) -> None:
    with loaded("invocation_log", variables(local_aws, "t", "https://127.0.0.1:4566")) as handler:
        assert handler.STORE._dynamodb.meta.endpoint_url == "https://127.0.0.1:4566"
    without = variables(local_aws, "t", "")
    del without["AWS_ENDPOINT_URL"]
    with loaded("invocation_log", without) as handler:
        assert handler.STORE._dynamodb.meta.endpoint_url == "https://dynamodb.us-west-2.amazonaws.com"


def test_a_function_without_its_table_fails_by_the_variables_name(local_aws: LocalAws) -> None:
    without = variables(local_aws, "t", "https://127.0.0.1:4566")
    del without["DYNAMODB_TABLE_NAME"]
    with (
        pytest.raises(MissingVariable, match="not set: DYNAMODB_TABLE_NAME"),
        loaded("invocation_log", without),
    ):
        pass
