"""Files into the tracker's bucket; rows and notifications out."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import md5

import pytest

from tests.local.conftest import Tracker
from tests.support.functions import deliver, invoke
from tests.support.s3_events import TEST_EVENT, UNUSUAL_KEYS, created, event
from tests.support.waiting import eventually


def test_an_uploaded_file_becomes_a_row_and_a_notification_of_the_same_values(tracker: Tracker) -> None:
    content = b"%PDF-1.7 not much of a report"
    version = tracker.upload("reports/2026/report.pdf", content, ContentType="application/pdf")
    (row,) = eventually(lambda: tracker.notified("reports/2026/report.pdf"))
    (notification,) = eventually(lambda: tracker.notifications("reports/2026/report.pdf"))
    expected = {
        "objectKey": "reports/2026/report.pdf",
        "uploadTime": f"{row['timestamp']}#{version}",
        "name": "report.pdf",
        "size": len(content),
        "timestamp": row["timestamp"],
        "bucket": tracker.outputs["BucketName"],
        "versionId": version,
        "eTag": md5(content, usedforsecurity=False).hexdigest(),
        "contentType": "application/pdf",
    }
    assert notification == expected
    assert {name: row[name] for name in expected} == {**expected, "size": str(len(content))}
    head = tracker.local.client("s3").head_object(Bucket=expected["bucket"], Key=expected["objectKey"])
    assert row["timestamp"] == head["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert {line["message"] for line in tracker.log("reports/2026/report.pdf")} == {"recorded and notified"}


@pytest.mark.parametrize("key", UNUSUAL_KEYS, ids=lambda key: key[:20].encode("unicode_escape").decode())
def test_the_row_has_the_key_that_was_uploaded(tracker: Tracker, key: str) -> None:
    version = tracker.upload(key, b"")
    (row,) = eventually(lambda: tracker.notified(key))
    assert (row["versionId"], row["size"]) == (version, "0")
    assert [one["versionId"] for one in tracker.notifications(key)] == [version]


def test_two_uploads_of_one_key_give_two_rows_and_two_notifications(tracker: Tracker) -> None:
    versions = {tracker.upload("twice.txt", b"x" * size): str(size) for size in (1, 2)}
    eventually(lambda: len(tracker.notified("twice.txt")) == 2)
    assert {row["versionId"]: row["size"] for row in tracker.rows("twice.txt")} == versions
    assert {one["versionId"]: str(one["size"]) for one in tracker.notifications("twice.txt")} == versions


def test_the_same_event_delivered_again_changes_nothing(tracker: Tracker) -> None:
    version = tracker.upload("again.txt")
    before = eventually(lambda: tracker.notified("again.txt"))
    again = event(created(tracker.outputs["BucketName"], "again.txt", version))
    assert invoke(tracker.local, tracker.outputs["FunctionArn"], again).answer == {"recorded": 1}
    assert tracker.rows("again.txt") == before
    assert len(tracker.notifications("again.txt")) == 1


def test_the_same_event_delivered_many_times_at_once_gives_one_row_and_one_notification(tracker: Tracker) -> None:
    arn, key = tracker.outputs["FunctionArn"], "rush.txt"
    again = event(created(tracker.outputs["BucketName"], key, tracker.upload(key)))
    with ThreadPoolExecutor(5) as pool:  # processes beside S3's own, each in an execution environment of its own
        results = list(pool.map(lambda _: invoke(tracker.local, arn, again), range(5)))
    assert [one.error for one in results] == [None] * 5
    eventually(lambda: tracker.notified(key))
    assert len(tracker.rows(key)) == len(tracker.notifications(key)) == 1


def test_a_multipart_upload_and_a_copy_are_recorded(tracker: Tracker) -> None:
    s3, bucket = tracker.local.client("s3"), tracker.outputs["BucketName"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts.bin")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts.bin", UploadId=upload, PartNumber=1, Body=b"x" * 10)
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="parts.bin",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.copy_object(Bucket=bucket, Key="copy.bin", CopySource={"Bucket": bucket, "Key": "parts.bin"})
    assert [row["size"] for row in eventually(lambda: tracker.notified("parts.bin"))] == ["10"]
    assert [row["size"] for row in eventually(lambda: tracker.notified("copy.bin"))] == ["10"]


def test_the_event_s3_sends_to_try_a_notification_is_no_failure(tracker: Tracker) -> None:
    assert invoke(tracker.local, tracker.outputs["FunctionArn"], TEST_EVENT).answer == {"recorded": 0}
    deliver(tracker.local, tracker.outputs["FunctionArn"], TEST_EVENT)


def test_the_email_address_of_the_settings_is_subscribed(tracker: Tracker) -> None:
    sns = tracker.local.client("sns")
    for topic in (tracker.outputs["TopicArn"], tracker.outputs["AlarmTopicArn"]):
        subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert [one["Endpoint"] for one in subscribed if one["Protocol"] == "email"] == ["team@example.com"]
