"""The object tracker's function with digests: one notification for the objects of a batch of events."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import LocalAws
from sluice_functions.errors import RecordsFailed
from sluice_functions.notify_digests import LARGEST_MESSAGE, DigestedRows
from tests.functions.conftest import Tracker, new_tracker
from tests.support.faults import Answer, ProxiedRequest, refusing
from tests.support.functions import finish, start_process
from tests.support.s3_events import created, event


@pytest.fixture(scope="module")
def loaded_tracker(local_aws: LocalAws) -> Iterator[Tracker]:
    with new_tracker(local_aws, NOTIFICATIONS="digests") as made:
        yield made


def is_publish(request: ProxiedRequest) -> bool:
    return request.body.startswith(b"Action=Publish")


def uploaded(tracker: Tracker, name: str, count: int) -> list[dict[str, Any]]:
    """The records of new objects."""
    keys = [f"{name}/{number}" for number in range(count)]
    return [created(tracker.bucket, key, tracker.upload(key)) for key in keys]


def queued(*records: Any) -> dict[str, Any]:
    """A batch of SQS with a message for each record."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "body": json.dumps(event(record)),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:buffer",
            }
            for number, record in enumerate(records)
        ]
    }


def digests(tracker: Tracker, name: str) -> list[list[str]]:
    """The keys in each digest about objects of a name."""
    heard = [[one["objectKey"] for one in json.loads(text).get("objects", ())] for text in tracker.listener.heard()]
    return [keys for keys in heard if keys and keys[0].startswith(f"{name}/")]


def keys_of(records: list[dict[str, Any]]) -> list[str]:
    return [one["s3"]["object"]["key"] for one in records]


def test_a_batch_is_one_notification_of_its_objects_and_a_repeat_is_none(tracker: Tracker) -> None:
    records = uploaded(tracker, "batch", 12)
    poison = {**records[0], "s3": {}}
    batch = queued(*records, poison, records[3], records[3])
    assert tracker.handle(batch) == {"batchItemFailures": [{"itemIdentifier": "m12"}]}
    (text,) = [text for text in tracker.listener.heard() if '"batch/' in text]
    told = json.loads(text)["objects"]
    assert [one["objectKey"] for one in told] == keys_of(records)
    rows = [row for key in keys_of(records) for row in tracker.rows(key)]
    assert len(rows) == 12
    for row, one in zip(rows, told, strict=True):
        assert {name: str(value) for name, value in one.items()} == {
            name: value for name, value in row.items() if name != "notifiedAt"
        }
        assert row["notifiedAt"]
        assert "notificationLease" not in row
    # Two writes of each row, and one more try for each repeat in the batch; one message to the topic.
    assert len([one for one in tracker.proxy.requests if is_publish(one)]) == 1

    tracker.handle(batch)
    tracker.handle(event(*records))
    assert digests(tracker, "batch") == [keys_of(records)]


def test_an_event_that_fails_in_part_notifies_the_others(tracker: Tracker) -> None:
    records = uploaded(tracker, "part", 2)
    with pytest.raises(RecordsFailed, match="1 of 3 records failed"):
        tracker.handle(event(records[0], {**records[0], "s3": {}}, records[1]))
    assert digests(tracker, "part") == [keys_of(records)]


def test_a_topic_that_refuses_fails_the_batch_and_the_next_attempt_notifies_at_once(tracker: Tracker) -> None:
    records = uploaded(tracker, "refused", 5)
    tracker.proxy.fault = lambda request: refusing(500)(request) if is_publish(request) else None
    with pytest.raises(ClientError, match="Publish"):
        tracker.handle(queued(*records))
    rows = [row for key in keys_of(records) for row in tracker.rows(key)]
    assert [("notifiedAt" in row, row["notificationLease"]) for row in rows] == [(False, "0")] * 5  # given back
    tracker.proxy.fault = lambda request: None
    assert tracker.handle(queued(*records)) == {"batchItemFailures": []}
    assert digests(tracker, "refused") == [keys_of(records)]


def test_a_crash_between_the_rows_and_the_digest_is_repaired_by_the_next_attempt(tracker: Tracker) -> None:
    records = uploaded(tracker, "crash", 4)
    running: list[Any] = []

    def kill(request: ProxiedRequest) -> Answer | None:
        if not is_publish(request):
            return None
        os.kill(running[0].pid, signal.SIGKILL)
        return Answer(500)

    tracker.proxy.fault = kill
    running.append(start_process("object_tracker", tracker.variables, event(*records)))
    finish(running[0])
    rows = [row for key in keys_of(records) for row in tracker.rows(key)]
    assert [("notificationLease" in row, "notifiedAt" in row) for row in rows] == [(True, False)] * 4
    tracker.proxy.fault = lambda request: None
    for row in rows[:3]:  # their leases have run out; the last has a second to go
        end_lease(tracker, row, 0)
    end_lease(tracker, rows[3], int(time.time()) + 1)
    tracker.handle(queued(*records))
    assert sorted(digests(tracker, "crash")) == [keys_of(records)[:3], keys_of(records)[3:]]


def end_lease(tracker: Tracker, row: dict[str, Any], end: int) -> None:
    tracker.dynamodb.update_item(
        TableName=tracker.table,
        Key={name: {"S": row[name]} for name in ("objectKey", "uploadTime")},
        UpdateExpression="SET notificationLease = :end",
        ExpressionAttributeValues={":end": {"N": str(end)}},
    )


def test_batches_that_overlap_at_the_same_time_notify_each_object_once(tracker: Tracker) -> None:
    records = uploaded(tracker, "overlap", 24)
    batches = [records[:16], records[8:], records[::2], records[4:20]]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda batch: tracker.handle(queued(*batch)), batches))
    assert answers == [{"batchItemFailures": []}] * 4
    told = Counter(key for keys in digests(tracker, "overlap") for key in keys)
    assert told == Counter(keys_of(records))


def test_what_one_mode_began_the_other_ends(local_aws: LocalAws, tracker: Tracker) -> None:
    """A row whose notification is due, or done, means the same in both."""
    done, due, late = uploaded(tracker, "modes", 3)
    tracker.handle(event(done))
    variables = {name: value for name, value in tracker.variables.items() if name != "NOTIFICATIONS"}
    tracker.proxy.fault = lambda request: refusing(500)(request) if is_publish(request) else None
    finish(start_process("object_tracker", variables, event(due)))
    finish(start_process("object_tracker", tracker.variables, event(late)))
    tracker.proxy.fault = lambda request: None
    _, errors = finish(start_process("object_tracker", variables, event(done, late)))
    assert errors == ""
    tracker.handle(event(done, due, late))
    heard = [json.loads(text) for text in tracker.listener.heard()]
    told = Counter(one["objectKey"] for message in heard for one in message.get("objects", [message]))
    assert {key: count for key, count in told.items() if key.startswith("modes/")} == dict.fromkeys(
        keys_of([done, due, late]), 1
    )


def test_an_object_recorded_over_http_is_a_digest_of_one(tracker: Tracker) -> None:
    tracker.upload("http/0")
    body = json.dumps({"key": "http/0"})
    asked = {"httpMethod": "POST", "queryStringParameters": None, "body": body}
    assert [tracker.handle(asked)["statusCode"] for _ in range(2)] == [201, 200]
    assert digests(tracker, "http") == [["http/0"]]


def test_a_batch_too_long_for_one_message_is_several(tracker: Tracker) -> None:
    """In bytes, as SNS counts."""
    rows = [
        {"objectKey": f"long/{number}", "uploadTime": "2026", "bucket": "b", "name": "ü" * 20_000}
        for number in range(9)
    ]
    batch = DigestedRows(tracker.handler.STORE.notified, tracker.handler.objects.digest)
    assert [batch.add(row) for row in rows] == [True] * 9
    assert [row["objectKey"] for row in batch.publish()] == [row["objectKey"] for row in rows]
    told = digests(tracker, "long")
    assert len(told) > 1
    assert sorted(key for keys in told for key in keys) == [row["objectKey"] for row in rows]
    assert all(len(text.encode()) <= LARGEST_MESSAGE for text in tracker.listener.heard())


def test_a_lease_that_grew_short_is_renewed_and_one_that_was_lost_is_left_to_its_holder(tracker: Tracker) -> None:
    rows = [{"objectKey": f"short/{number}", "uploadTime": "2026", "bucket": "b"} for number in range(3)]
    batch = DigestedRows(tracker.handler.STORE.notified, tracker.handler.objects.digest)
    for row in rows:
        batch.add(row)
    for leased in batch._mine[:2]:  # as if the batch had taken long
        leased["notificationLease"] -= 10
        end_lease(tracker, leased, leased["notificationLease"])
    end_lease(tracker, rows[1], int(time.time()) + 2)  # another invocation's
    published = [row["objectKey"] for row in batch.publish()]
    assert sorted(published) == ["short/0", "short/1", "short/2"]
    assert sorted(digests(tracker, "short"), key=len) == [["short/1"], ["short/2", "short/0"]]
