"""The object tracker's function with S3's events."""

import random
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from typing import Any

import pytest

from sluice_functions.errors import MalformedEvent, RecordsFailed
from sluice_functions.s3_events import S3Object
from tests.functions.conftest import Tracker
from tests.support.modelled_calls import modelled_calls, received_calls
from tests.support.s3_events import TEST_EVENT, created, event

KEYS = [
    "plain.txt",
    "a b",
    "a+b",
    "a b+c",
    "100%.pdf",
    "%20 is no space",
    "a%2Bb",
    "länder/日本/größe — übersicht.json",
    "ends with a slash/",
    "line\nbreak",
    "quotes'\"&<>?#[]{}",
]


def test_an_object_takes_the_calls_that_are_explained_and_no_other(tracker: Tracker) -> None:
    tracker.handle(event(created(tracker.bucket, "counted", tracker.upload("counted"))))
    assert received_calls(tracker.proxy.requests) == modelled_calls("object-tracker")


def test_a_created_object_becomes_a_row_and_a_notification_of_the_same_values(tracker: Tracker) -> None:
    version = tracker.upload("orders/order 1.json", b'{"a": 1}', ContentType="application/json")
    head = tracker.s3.head_object(Bucket=tracker.bucket, Key="orders/order 1.json")
    uploaded = head["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")

    answer = tracker.handle(event(created(tracker.bucket, "orders/order 1.json", version)))

    (row,) = tracker.rows("orders/order 1.json")
    (notification,) = tracker.notifications("orders/order 1.json")
    expected = {
        "objectKey": "orders/order 1.json",
        "uploadTime": f"{uploaded}#{version}",
        "name": "order 1.json",
        "size": 8,
        "timestamp": uploaded,
        "bucket": tracker.bucket,
        "versionId": version,
        "eTag": md5(b'{"a": 1}', usedforsecurity=False).hexdigest(),
        "contentType": "application/json",
    }
    assert answer == {"recorded": 1}
    assert {name: value for name, value in row.items() if name not in ("notifiedAt", "notificationLease")} == {
        **expected,
        "size": "8",
    }
    assert row["notifiedAt"] >= uploaded.rstrip("Z")
    assert notification == expected


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_decoded_exactly_once(tracker: Tracker, key: str) -> None:
    version = tracker.upload(key)
    tracker.handle(event(created(tracker.bucket, key, version)))
    assert [row["versionId"] for row in tracker.rows(key)] == [version]
    assert [one["versionId"] for one in tracker.notifications(key)] == [version]


def test_the_version_that_the_event_names_is_recorded_not_the_latest(tracker: Tracker) -> None:
    first = tracker.upload("overwritten", b"1")
    tracker.upload("overwritten", b"22")
    tracker.handle(event(created(tracker.bucket, "overwritten", first)))
    assert [(row["versionId"], row["size"]) for row in tracker.rows("overwritten")] == [(first, "1")]


def test_every_version_has_a_row_in_whatever_order_the_events_come(tracker: Tracker) -> None:
    versions = [tracker.upload("busy", b"x" * size) for size in (1, 2, 3)]
    for version in reversed(versions):
        tracker.handle(event(created(tracker.bucket, "busy", version)))
    assert {row["versionId"]: row["size"] for row in tracker.rows("busy")} == dict(
        zip(versions, ("1", "2", "3"), strict=True)
    )
    assert len(tracker.notifications("busy")) == 3


def test_an_event_without_version_records_the_object_as_it_is(tracker: Tracker) -> None:
    version = tracker.upload("unversioned event")
    tracker.handle(event(created(tracker.bucket, "unversioned event")))
    assert [row["versionId"] for row in tracker.rows("unversioned event")] == [version]


def test_an_object_of_a_bucket_without_versioning_is_recorded(tracker: Tracker) -> None:
    bucket = f"{tracker.bucket}-plain"
    tracker.s3.create_bucket(Bucket=bucket)
    tracker.s3.put_object(Bucket=bucket, Key="no versions", Body=b"")
    tracker.handle(event(created(bucket, "no versions")))
    ((version, size, where),) = [(row["versionId"], row["size"], row["bucket"]) for row in tracker.rows("no versions")]
    assert (version, size, where) == ("null", "0", bucket)


def test_a_repeated_event_changes_nothing(tracker: Tracker) -> None:
    again = event(created(tracker.bucket, "twice", tracker.upload("twice")))
    tracker.handle(again)
    before = tracker.rows("twice")
    assert tracker.handle(again) == {"recorded": 1}
    assert tracker.rows("twice") == before
    assert len(tracker.notifications("twice")) == 1


def test_one_object_twice_in_one_event_gives_one_row_and_one_notification(tracker: Tracker) -> None:
    record = created(tracker.bucket, "doubled", tracker.upload("doubled"))
    assert tracker.handle(event(record, record)) == {"recorded": 2}
    assert len(tracker.rows("doubled")) == len(tracker.notifications("doubled")) == 1


def test_the_same_event_many_times_at_once_gives_one_row_and_one_notification(tracker: Tracker) -> None:
    wanted = S3Object(tracker.bucket, "rush", tracker.upload("rush"))
    record, store = tracker.handler.record, tracker.handler.STORE
    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(lambda _: record(wanted, store), range(12)))
    assert sum(new for _, new in results) == 1
    assert all("notifiedAt" in row for row, _ in results)
    assert len(tracker.rows("rush")) == len(tracker.notifications("rush")) == 1


@pytest.mark.parametrize("seed", range(2))
def test_events_of_many_versions_shuffled_doubled_and_at_once_give_a_row_and_a_notification_each(
    tracker: Tracker, seed: int
) -> None:
    key, chance = f"storm {seed}", random.Random(seed)  # noqa: S311 - not a secret
    sizes = {tracker.upload(key, b"x" * size): str(size) for size in range(1, 9)}
    events = [S3Object(tracker.bucket, key, version) for version in sizes for _ in range(chance.randint(1, 4))]
    chance.shuffle(events)
    record, store = tracker.handler.record, tracker.handler.STORE
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda found: record(found, store), events))
    assert sum(new for _, new in results) == len(sizes)
    assert {row["versionId"]: row["size"] for row in tracker.rows(key)} == sizes
    assert len(tracker.rows(key)) == len(sizes)
    assert sorted(one["versionId"] for one in tracker.notifications(key)) == sorted(sizes)


def test_an_older_versions_event_that_comes_late_changes_nothing_of_a_newer_one(tracker: Tracker) -> None:
    older, newer = tracker.upload("late", b"1"), tracker.upload("late", b"22")
    # S3's sequencers: the shorter one belongs to the earlier upload.
    tracker.handle(event(created(tracker.bucket, "late", newer, sequencer="0055AED6DCD90281E6")))
    (before,) = tracker.rows("late")
    tracker.handle(event(created(tracker.bucket, "late", older, sequencer="0055AED6DCD90281")))
    after = {row["versionId"]: row for row in tracker.rows("late")}
    assert after[newer] == before
    assert set(after) == {older, newer}


def test_bad_records_are_raised_after_the_good_ones_are_recorded(tracker: Tracker) -> None:
    good = [created(tracker.bucket, key, tracker.upload(key)) for key in ("good 1", "good 2")]
    with pytest.raises(RecordsFailed, match=r"^2 of 4 records failed: record 0: .*; record 2: .*'gone'"):
        tracker.handle(event({"eventName": "nonsense"}, good[0], created(tracker.bucket, "gone"), good[1]))
    assert len(tracker.rows("good 1")) == len(tracker.rows("good 2")) == 1
    assert len(tracker.notifications("good 1")) == len(tracker.notifications("good 2")) == 1


def test_a_version_that_was_purged_meanwhile_fails_nothing_and_leaves_no_row(tracker: Tracker) -> None:
    version = tracker.upload("deleted")
    tracker.s3.delete_object(Bucket=tracker.bucket, Key="deleted", VersionId=version)
    good = created(tracker.bucket, "beside it", tracker.upload("beside it"))
    assert tracker.handle(event(created(tracker.bucket, "deleted", version), good)) == {"recorded": 1}
    assert len(tracker.rows("beside it")) == 1
    assert tracker.rows("deleted") == tracker.notifications("deleted") == []


SENDERS_KEY: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def test_an_object_encrypted_with_a_key_of_the_sender_is_recorded_as_its_event_describes_it(tracker: Tracker) -> None:
    version = tracker.upload("vault", b"secret", **SENDERS_KEY)
    sent = event(created(tracker.bucket, "vault", version))
    assert tracker.handle(sent) == tracker.handle(sent) == {"recorded": 1}
    (row,) = tracker.rows("vault")
    described = {
        "objectKey": "vault",
        "uploadTime": f"2026-01-02T03:04:05Z#{version}",
        "timestamp": "2026-01-02T03:04:05Z",
        "name": "vault",
        "size": "1",
        "bucket": tracker.bucket,
        "versionId": version,
        "eTag": "d41d8cd98f00b204e9800998ecf8427e",
        "contentType": "application/octet-stream",
        "contentNotRead": "encrypted with a key of the sender (SSE-C)",
    }
    assert {name: row[name] for name in described} == described
    assert len(tracker.notifications("vault")) == 1


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_is_recorded_and_notified(tracker: Tracker, storage_class: str) -> None:
    version = tracker.upload(storage_class, b"content", StorageClass=storage_class)
    assert tracker.handle(event(created(tracker.bucket, storage_class, version))) == {"recorded": 1}
    (row,) = tracker.rows(storage_class)
    assert row["size"] == "7"
    assert len(tracker.notifications(storage_class)) == 1


@pytest.mark.parametrize("key", ["ctrl\x01.txt", "line\nend", "cr\rend\x1f", "photos/2026/"])
def test_a_key_with_control_characters_and_a_folder_marker_are_recorded_and_notified(
    tracker: Tracker, key: str
) -> None:
    version = tracker.upload(key, b"")
    assert tracker.handle(event(created(tracker.bucket, key, version))) == {"recorded": 1}
    assert len(tracker.rows(key)) == len(tracker.notifications(key)) == 1


def test_a_version_below_a_delete_marker_is_still_recorded(tracker: Tracker) -> None:
    version = tracker.upload("marked")
    tracker.s3.delete_object(Bucket=tracker.bucket, Key="marked")
    tracker.handle(event(created(tracker.bucket, "marked", version)))
    assert len(tracker.rows("marked")) == 1


def test_the_event_s3_sends_to_try_a_notification_is_no_object(tracker: Tracker) -> None:
    assert tracker.handle(TEST_EVENT) == {"recorded": 0}
    assert tracker.proxy.requests == []


@pytest.mark.parametrize(
    "malformed",
    [
        *({}, {"Records": None}, {"Records": {}}, {"Records": "text"}, {"Event": "s3:Other"}, {"records": []}),
        *([], [created("b", "k")], "text", "httpMethod", 5, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_event_that_is_not_s3s_raises_an_error(tracker: Tracker, malformed: Any) -> None:
    with pytest.raises(MalformedEvent, match="no list of Records"):
        tracker.handle(malformed)


def changed(**changes: Any) -> dict[str, Any]:
    """A record with parts of its `s3` replaced."""
    record = created("bucket", "key", "version")
    record["s3"] = {**record["s3"], **changes}
    return record


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, "not a record of an S3 event"),
        ("text", "not a record of an S3 event"),
        ([], "not a record of an S3 event"),
        ({}, "not a record of an S3 event: no 'eventName'"),
        ({"eventName": "ObjectCreated:Put"}, "not a record of an S3 event: no 's3'"),
        ({"eventName": "ObjectCreated:Put", "s3": None}, "not a record of an S3 event"),
        (changed(bucket={}), "not a record of an S3 event: no 'name'"),
        (changed(object={}), "not a record of an S3 event: no 'key'"),
        (changed(object=["key"]), "not a record of an S3 event"),
        (changed(object={"key": ""}), "texts that are not empty"),
        (changed(object={"key": 5}), "texts that are not empty"),
        (changed(bucket={"name": None}), "texts that are not empty"),
        (changed(object={"key": "key", "versionId": 5}), "versionId must be a text"),
        ({**changed(), "eventName": None}, "texts that are not empty"),
        ({**changed(), "eventName": "ObjectRemoved:Delete"}, "ObjectRemoved:Delete is not the creation of an object"),
        ({**changed(), "eventName": "ObjectRemoved:DeleteMarkerCreated"}, "is not the creation of an object"),
    ],
    ids=str,
)
def test_a_malformed_record_is_raised_with_its_reason(tracker: Tracker, record: Any, reason: str) -> None:
    with pytest.raises(RecordsFailed, match=f"^1 of 1 records failed: record 0: .*{reason}"):
        tracker.handle({"Records": [record]})
    assert tracker.proxy.requests == []
