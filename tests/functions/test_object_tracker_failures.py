"""The row and its notification under failures between the two: never lost, never repeated."""

import os
import signal
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from sluice_functions.errors import RecordsFailed
from sluice_functions.s3_events import S3Object
from tests.functions.conftest import Tracker
from tests.support.faults import Answer, Fault, ProxiedRequest, Reset, refusing
from tests.support.functions import finish, start_process
from tests.support.s3_events import created, event


def is_publish(request: ProxiedRequest) -> bool:
    return request.body.startswith(b"Action=Publish")


def is_add(request: ProxiedRequest) -> bool:
    return b"attribute_not_exists(objectKey)" in request.body


def is_take_over(request: ProxiedRequest) -> bool:
    return b"notificationLease < :now" in request.body


def only(matching: Any, fault: Fault) -> Fault:
    return lambda request: fault(request) if matching(request) else None


def set_lease(tracker: Tracker, row: dict[str, Any], end: int) -> None:
    tracker.dynamodb.update_item(
        TableName=tracker.table,
        Key={name: {"S": row[name]} for name in ("objectKey", "uploadTime")},
        UpdateExpression="SET notificationLease = :end",
        ExpressionAttributeValues={":end": {"N": str(end)}},
    )


def test_a_topic_that_refuses_fails_the_event_and_the_next_attempt_notifies_at_once(tracker: Tracker) -> None:
    arrived = event(created(tracker.bucket, "refused", tracker.upload("refused")))
    tracker.proxy.fault = only(is_publish, refusing(500))
    with pytest.raises(RecordsFailed, match=r"record 0: An error occurred .*Publish"):
        tracker.handle(arrived)
    (row,) = tracker.rows("refused")
    assert "notifiedAt" not in row
    assert row["notificationLease"] == "0"  # given back
    assert tracker.notifications("refused") == []

    tracker.proxy.fault = refusing(times=0)
    assert tracker.handle(arrived) == {"recorded": 1}
    (row,) = tracker.rows("refused")
    assert row["notifiedAt"]
    assert len(tracker.notifications("refused")) == 1


def test_a_process_killed_between_row_and_notification_loses_nothing(tracker: Tracker) -> None:
    arrived = event(created(tracker.bucket, "killed", tracker.upload("killed")))

    def kill(request: ProxiedRequest) -> Answer | None:
        del request
        os.kill(process.pid, signal.SIGKILL)
        raise Reset

    tracker.proxy.fault = only(is_publish, kill)
    process = start_process("object_tracker", tracker.variables, arrived)
    _, errors = finish(process)
    assert process.returncode == -signal.SIGKILL, errors
    (row,) = tracker.rows("killed")
    assert "notifiedAt" not in row
    assert int(row["notificationLease"]) > time.time()
    assert tracker.notifications("killed") == []

    tracker.proxy.fault = refusing(times=0)
    set_lease(tracker, row, int(time.time()) - 1)  # as Lambda's retry after a minute
    assert tracker.handle(arrived) == {"recorded": 1}
    assert tracker.handle(arrived) == {"recorded": 1}
    assert len(tracker.rows("killed")) == len(tracker.notifications("killed")) == 1


def test_who_finds_a_lease_waits_until_it_has_run_out_and_then_notifies(tracker: Tracker) -> None:
    key, ends, published = "held", [], []
    arrived = event(created(tracker.bucket, key, tracker.upload(key)))
    tracker.proxy.fault = only(is_publish, refusing(500))
    with pytest.raises(RecordsFailed):
        tracker.handle(arrived)
    (row,) = tracker.rows(key)

    def held_by_someone_who_never_ends(request: ProxiedRequest) -> None:
        if is_add(request):
            ends.append(int(time.time()) + 2)
            set_lease(tracker, row, ends[0])
        if is_publish(request):
            published.append(time.time())

    tracker.proxy.fault = held_by_someone_who_never_ends
    _, errors = finish(start_process("object_tracker", tracker.variables, arrived))
    assert errors == ""
    assert published[0] > ends[0]
    assert len(tracker.notifications(key)) == 1


def test_a_failed_notification_keeps_the_lease_that_another_invocation_took(tracker: Tracker) -> None:
    key, theirs = "taken over", int(time.time()) + 60
    arrived = event(created(tracker.bucket, key, tracker.upload(key)))

    def taken_over(request: ProxiedRequest) -> Answer | None:
        if not is_publish(request):
            return None
        (row,) = tracker.rows(key)
        set_lease(tracker, row, theirs)
        return Answer(500)

    tracker.proxy.fault = taken_over
    with pytest.raises(RecordsFailed, match="Publish"):
        tracker.handle(arrived)
    (row,) = tracker.rows(key)
    assert (int(row["notificationLease"]), "notifiedAt" in row) == (theirs, False)


def test_who_finds_a_lease_leaves_the_notification_to_its_holder(tracker: Tracker) -> None:
    version = tracker.upload("left to the holder")
    publishing = S3Object(tracker.bucket, "left to the holder", version)
    row = tracker.handler.objects.row(publishing, tracker.handler.STORE.head(publishing))
    leased = {**row, "notificationLease": int(time.time()) + 14}
    assert tracker.handler.STORE.notified.add(leased) is None  # the lease holder, who has published and marks the row

    def holder_is_done(request: ProxiedRequest) -> None:
        if is_take_over(request):
            tracker.dynamodb.update_item(
                TableName=tracker.table,
                Key={name: {"S": row[name]} for name in ("objectKey", "uploadTime")},
                UpdateExpression="SET notifiedAt = :when",
                ExpressionAttributeValues={":when": {"S": "elsewhere"}},
            )

    tracker.proxy.fault = holder_is_done
    assert tracker.handle(event(created(tracker.bucket, "left to the holder", version))) == {"recorded": 1}
    assert tracker.rows("left to the holder")[0]["notifiedAt"] == "elsewhere"
    assert tracker.notifications("left to the holder") == []


def test_a_failing_table_fails_the_event_before_any_notification(tracker: Tracker) -> None:
    arrived = event(created(tracker.bucket, "no table", tracker.upload("no table")))
    tracker.proxy.fault = only(is_add, refusing(500))
    with pytest.raises(RecordsFailed, match="PutItem"):
        tracker.handle(arrived)
    assert tracker.rows("no table") == tracker.notifications("no table") == []


@pytest.mark.parametrize("matching", [is_add, is_publish, lambda request: request.method == "HEAD"])
def test_one_failed_call_is_tried_again_at_once(tracker: Tracker, matching: Any) -> None:
    key = f"flaky {time.time_ns()}"
    version = tracker.upload(key)
    tracker.proxy.fault = only(matching, refusing(503, times=1))
    assert tracker.handle(event(created(tracker.bucket, key, version))) == {"recorded": 1}
    assert len(list(filter(matching, tracker.proxy.requests))) == 2
    assert len(tracker.rows(key)) == len(tracker.notifications(key)) == 1


def test_a_call_is_tried_twice_and_no_more_so_that_the_function_ends_in_time(tracker: Tracker) -> None:
    wanted = S3Object(tracker.bucket, "never", None)
    tracker.proxy.fault = refusing(503)
    with pytest.raises(ClientError):
        tracker.handler.record(wanted, tracker.handler.STORE)
    assert len(tracker.proxy.requests) == 2


def test_a_connection_that_breaks_fails_the_event(tracker: Tracker) -> None:
    def broken(request: ProxiedRequest) -> Answer | None:
        raise Reset

    tracker.proxy.fault = broken
    with pytest.raises(HTTPClientError):
        tracker.handler.record(S3Object(tracker.bucket, "broken", None), tracker.handler.STORE)


def test_an_object_that_may_not_be_read_fails_the_event(tracker: Tracker) -> None:
    tracker.proxy.fault = only(lambda request: request.method == "HEAD", refusing(403))
    with pytest.raises(RecordsFailed, match=r"record 0: 'secret' .* may not be read"):
        tracker.handle(event(created(tracker.bucket, "secret", tracker.upload("secret"))))
    assert tracker.rows("secret") == []
