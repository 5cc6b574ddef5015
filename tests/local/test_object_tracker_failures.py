"""The tracker under failures: nothing is lost, nothing is notified twice, and an alarm goes off."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.local.conftest import Tracker
from tests.support.faults import Answer, ProxiedRequest, Proxy, Reset, proxy, refusing
from tests.support.functions import deliver, reconfigured
from tests.support.s3_events import created, event
from tests.support.waiting import eventually


@contextmanager
def faulty(tracker: Tracker, service: str) -> Iterator[Proxy]:
    """A proxy in front of one service (`SNS`), for the deployed function only."""
    with (
        proxy(tracker.local) as made,
        reconfigured(tracker.local, tracker.outputs["FunctionArn"], {f"AWS_ENDPOINT_URL_{service}": made.url}),
    ):
        yield made


def test_lambdas_own_retry_notifies_when_the_topic_refused_at_first(tracker: Tracker) -> None:
    key = "refused-at-first.txt"
    with faulty(tracker, "SNS") as sns:
        sns.fault = refusing(500, times=2)  # both requests of the first attempt
        tracker.upload(key)
        (row,) = eventually(lambda: tracker.rows(key))
        assert "notifiedAt" not in row
        assert tracker.notifications(key) == []
        eventually(lambda: tracker.notified(key))
    assert len(sns.requests) == 3
    assert len(tracker.rows(key)) == len(tracker.notifications(key)) == 1
    assert [line["level"] for line in tracker.log(key)] == ["ERROR", "INFO"]
    assert tracker.kept(key) == []


def test_lambdas_own_retry_notifies_when_the_function_died_between_row_and_notification(tracker: Tracker) -> None:
    key, publishing = "died.txt", threading.Event()

    def hang(request: ProxiedRequest) -> Answer | None:
        del request
        publishing.set()
        time.sleep(10)
        raise Reset

    with faulty(tracker, "SNS") as sns:
        sns.fault = hang
        tracker.upload(key)
        assert publishing.wait(30)
    # The local AWS ends a function's processes when its configuration changes: here, while it publishes.
    (row,) = tracker.rows(key)
    assert "notifiedAt" not in row
    assert int(row["notificationLease"]) > time.time(), "the function lived long enough to give the lease back"
    assert tracker.notifications(key) == []
    eventually(lambda: tracker.notified(key), within=60)
    assert len(tracker.rows(key)) == len(tracker.notifications(key)) == 1
    assert tracker.kept(key) == []


def test_a_version_purged_before_it_is_read_is_logged_and_not_kept(tracker: Tracker) -> None:
    key, reading, deleted = "deleted.txt", threading.Event(), threading.Event()

    def hold(request: ProxiedRequest) -> None:
        del request
        reading.set()
        deleted.wait(20)

    with faulty(tracker, "S3") as s3:
        s3.fault = hold
        version = tracker.upload(key)
        assert reading.wait(20)
        tracker.local.client("s3").delete_object(Bucket=tracker.outputs["BucketName"], Key=key, VersionId=version)
        deleted.set()
        (line,) = eventually(lambda: tracker.log(key))
    assert (line["level"], line["message"]) == ("WARNING", "gone before it was read")
    assert line["reason"] == f"'{key}' (version {version}) is not in the bucket (any more)"
    assert line["record"]["s3"]["object"]["versionId"] == version
    assert tracker.kept(key) == tracker.rows(key) == tracker.notifications(key) == []


def test_an_object_the_role_may_not_read_is_logged_and_kept_and_tracked_once_it_may(tracker: Tracker) -> None:
    key = "unreadable/secret.txt"
    iam, role = tracker.local.client("iam"), tracker.outputs["FunctionName"]
    deny = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{tracker.outputs['BucketName']}/unreadable/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=role, PolicyName="test-unreadable", PolicyDocument=policy)
    try:
        tracker.upload(key)
        (kept,) = eventually(lambda: tracker.kept(key))
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="test-unreadable")
    assert f"record 0: '{key}'" in kept["responsePayload"]["errorMessage"]
    failed = [line for line in tracker.log(key) if line.get("message") == "record failed"]
    assert [line["exception_name"] for line in failed] == ["UnknownObject"] * 3
    assert tracker.rows(key) == tracker.notifications(key) == []

    deliver(tracker.local, tracker.outputs["FunctionArn"], kept["requestPayload"])
    eventually(lambda: tracker.notified(key))
    assert len(tracker.rows(key)) == len(tracker.notifications(key)) == 1


def test_a_malformed_record_is_kept_while_its_good_neighbours_are_tracked(tracker: Tracker) -> None:
    key = "neighbour.txt"
    good = created(tracker.outputs["BucketName"], key, tracker.upload(key))
    bad = {"eventName": "ObjectCreated:Put", "marker": "malformed record"}
    sent = event(bad, good)
    deliver(tracker.local, tracker.outputs["FunctionArn"], sent)
    (kept,) = eventually(lambda: tracker.kept("malformed record"))
    assert kept["requestPayload"] == sent
    assert "1 of 2 records failed: record 0: not a record of an S3 event" in kept["responsePayload"]["errorMessage"]
    assert len(tracker.rows(key)) == len(tracker.notifications(key)) == 1


def test_an_event_that_is_none_of_s3s_is_kept(tracker: Tracker) -> None:
    deliver(tracker.local, tracker.outputs["FunctionArn"], {"marker": "no event of S3"})
    (kept,) = eventually(lambda: tracker.kept("no event of S3"))
    assert "neither an S3 event nor a test event" in kept["responsePayload"]["errorMessage"]
