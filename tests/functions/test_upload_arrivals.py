"""Presigned uploads: S3's events for arrived files, and deadlines that pass."""

import base64
import json
import sys
import time
from collections.abc import Callable
from itertools import permutations
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from sluice_cli.local_aws.signed_request import send
from tests.support.faults import refusing
from tests.support.functions import LambdaContext
from tests.support.uploads import Uploads, failing, presigned_upload, upload

CONTENT = b"123456789"
# The check value of CRC-64/NVME: https://reveng.sourceforge.io/crc-catalogue/all.htm
CHECKSUM = base64.b64encode(bytes.fromhex("AE8B14860A799888")).decode()
HOURS = 60 * 60


class Presigned:
    """A product whose file is announced."""

    def __init__(self, uploads: Uploads, size: int = len(CONTENT), key: str | None = None, **changed: Any) -> None:
        self.uploads = uploads
        self.body = presigned_upload(size, contentType="text/plain", **changed)
        self.key = key or uuid4().hex
        self.announce()

    def announce(self) -> None:
        status, self.answer = self.uploads.post(self.body, self.key)
        assert status == 202

    @property
    def row(self) -> dict[str, Any]:
        row = self.uploads.product(self.body["productId"])
        assert row is not None
        return row

    def send(self, content: bytes = CONTENT) -> str:
        """Upload with the presigned URL. Returns the version id."""
        sending = self.answer["upload"]
        assert send(self.uploads.local, "PUT", sending["url"], content, sending["headers"])[0] == 200
        return self.latest()

    def put(self, content: bytes, **options: Any) -> str:
        """Put an object without a presigned URL, so that any size is accepted."""
        named = {"Bucket": self.uploads.name, "Key": self.answer["objectKey"]}
        return str(self.uploads.local.client("s3").put_object(**named, Body=content, **options)["VersionId"])

    def latest(self) -> str:
        return str(next(one for one in self.uploads.versions(self.answer["objectKey"]) if one["IsLatest"])["VersionId"])

    def event(self, version: str, sequencer: str = "01", **more: Any) -> dict[str, Any]:
        named = {"key": self.answer["objectKey"].replace("/", "%2F"), "versionId": version, "sequencer": sequencer}
        return {
            "eventName": "ObjectCreated:Put",
            "eventTime": "2026-01-31T12:00:00.000Z",
            "s3": {"bucket": {"name": self.uploads.name}, "object": {**named, **more}},
        }


def arrive(uploads: Uploads, *records: dict[str, Any]) -> Any:
    return uploads.handler.handle({"Records": list(records)}, LambdaContext())


@pytest.fixture
def clock(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that is a number of hours ahead; the next call checks for overdue uploads."""

    def later(hours: float) -> None:
        at = time.time() + hours * HOURS
        monkeypatch.setattr(sys.modules["upload_api.arrivals"], "time", SimpleNamespace(time=lambda: at))
        monkeypatch.setattr(uploads.handler.ARRIVALS, "_next_look", 0)

    return later


def counted(capsys: pytest.CaptureFixture[str], metric: str) -> int:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return sum(int(sum(line[metric])) for line in lines if metric in line)


def test_an_arrival_completes_the_product(uploads: Uploads, capsys: pytest.CaptureFixture[str]) -> None:
    presigned = Presigned(uploads)
    pending = presigned.row
    assert pending["state"] == "pending"
    version = presigned.send()
    assert arrive(uploads, presigned.event(version)) == {"completed": 1}
    stored = presigned.row
    assert stored.pop("storedTime").startswith("20")
    assert stored == {
        **{name: value for name, value in pending.items() if name not in ("presignedUntil", "expiresAt")},
        "state": "stored",
        "size": "9",
        "versionId": version,
        "eTag": "25f9e794323b453885f5181f1b624d0b",
        "checksum": CHECKSUM,
        "checksumAlgorithm": "CRC64NVME",
        "sequencer": "01".ljust(32, "0"),
    }
    assert counted(capsys, "UploadsArrived") == 1


def test_events_that_come_doubled_complete_it_once(uploads: Uploads, capsys: pytest.CaptureFixture[str]) -> None:
    presigned = Presigned(uploads)
    event = presigned.event(presigned.send())
    arrive(uploads, event, event)
    row, items = presigned.row, uploads.items()
    arrive(uploads, event)
    assert (presigned.row, uploads.items()) == (row, items)
    assert counted(capsys, "UploadsArrived") == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_events_come_the_latest_version_counts(uploads: Uploads, order: tuple[int, ...]) -> None:
    presigned = Presigned(uploads)
    versions = [presigned.send(content) for content in (b"a" * 9, b"b" * 9, CONTENT)]
    # S3's sequencers differ in length: the shorter one is padded with zeros.
    sequencers = ("0055AED6", "0055AED6DC", "0055AED7")
    events = [presigned.event(*one) for one in zip(versions, sequencers, strict=True)]
    for number in order:
        arrive(uploads, events[number])
    assert (presigned.row["versionId"], presigned.row["checksum"]) == (versions[2], CHECKSUM)


def test_a_file_of_another_size_is_marked_until_the_announced_one_arrives(
    uploads: Uploads, capsys: pytest.CaptureFixture[str]
) -> None:
    presigned = Presigned(uploads)
    wrong = presigned.put(b"another size")
    arrive(uploads, presigned.event(wrong, "01"))
    row = presigned.row
    assert (row["state"], row["size"], row["announcedSize"], row["versionId"]) == ("wrong-size", "12", "9", wrong)
    assert counted(capsys, "UploadsOfWrongSize") == 1
    right = presigned.send()
    arrive(uploads, presigned.event(right, "02"))
    assert (presigned.row["state"], presigned.row["versionId"]) == ("stored", right)
    assert "announcedSize" not in presigned.row
    arrive(uploads, presigned.event(presigned.put(b"too long again"), "03"))
    assert (presigned.row["state"], presigned.row["versionId"]) == ("stored", right)


def test_a_product_keeps_its_file_until_the_new_one_is_there(uploads: Uploads) -> None:
    body = upload()
    uploads.post(body)
    before = uploads.product(body["productId"])
    presigned = Presigned(uploads, productId=body["productId"], price=20)
    assert presigned.row == before
    version = presigned.send()
    arrive(uploads, presigned.event(version))
    assert (presigned.row["price"], presigned.row["versionId"], presigned.row["state"]) == ("20", version, "stored")


def test_a_product_without_a_file_is_what_was_announced_last(uploads: Uploads) -> None:
    first = Presigned(uploads)
    second = Presigned(uploads, productId=first.body["productId"], price=20)
    assert (second.row["price"], second.row["objectKey"]) == ("20", second.answer["objectKey"])


def test_an_arrival_does_not_replace_what_was_asked_for_later(uploads: Uploads) -> None:
    presigned = Presigned(uploads)
    version = presigned.send()
    later = uploads.post(upload(productId=presigned.body["productId"], price=20))[1]
    uploads.local.client("dynamodb").update_item(
        TableName=uploads.name,
        Key={"productId": {"S": presigned.body["productId"]}, "productName": {"S": "Lamp"}},
        UpdateExpression="SET uploadTime = :later",
        ExpressionAttributeValues={":later": {"S": "2999-01-01T00:00:00Z"}},
    )
    arrive(uploads, presigned.event(version))
    assert (presigned.row["objectKey"], presigned.row["price"]) == (later["objectKey"], "20")


def test_of_two_announced_files_the_stored_one_counts_until_the_later_one_arrives(uploads: Uploads) -> None:
    first = Presigned(uploads)
    time.sleep(1.1)  # requests of the same second have the same time
    second = Presigned(uploads, productId=first.body["productId"], price=20)
    arrive(uploads, first.event(first.send()))
    assert (first.row["state"], first.row["objectKey"]) == ("stored", first.answer["objectKey"])
    arrive(uploads, second.event(second.send()))
    arrive(uploads, first.event(first.send(), "02"))
    assert (second.row["state"], second.row["objectKey"]) == ("stored", second.answer["objectKey"])


def test_an_unannounced_object_changes_nothing(uploads: Uploads) -> None:
    presigned, items = Presigned(uploads), uploads.items()
    record = presigned.event(presigned.send())
    for key in ("presigned/", f"presigned/{uuid4().hex}", "presigned/ctrl%01", "presigned/a%0Ab"):
        record["s3"]["object"]["key"] = key
        assert arrive(uploads, record) == {"completed": 1}
    assert (presigned.row["state"], uploads.items()) == ("pending", items)


def test_a_version_that_was_deleted_meanwhile_completes_nothing(uploads: Uploads) -> None:
    presigned = Presigned(uploads)
    version = presigned.send()
    named = {"Bucket": uploads.name, "Key": presigned.answer["objectKey"]}
    uploads.local.client("s3").delete_object(**named, VersionId=version)
    arrive(uploads, presigned.event(version))
    assert presigned.row["state"] == "pending"


def test_an_object_under_a_key_of_its_senders_is_completed_from_its_event(uploads: Uploads) -> None:
    presigned = Presigned(uploads)
    version = presigned.put(CONTENT, SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    arrive(uploads, presigned.event(version, size=9, eTag="abc"))
    assert (presigned.row["state"], presigned.row["eTag"]) == ("stored", "abc")
    assert "checksum" not in presigned.row


@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "DeleteItem"])
def test_an_arrival_that_failed_anywhere_is_completed_by_its_repeat(uploads: Uploads, operation: str) -> None:
    presigned = Presigned(uploads)
    other = Presigned(uploads)
    events = [presigned.event(presigned.send()), other.event(other.send())]
    uploads.proxy.fault = failing(operation, refusing(500))
    with pytest.raises(Exception, match="2 of 2 records failed"):
        arrive(uploads, *events)
    uploads.proxy.fault = lambda request: None
    arrive(uploads, *events)
    assert [one.row["state"] for one in (presigned, other)] == ["stored", "stored"]


def test_an_upload_that_never_arrives_expires_and_is_counted_once(
    uploads: Uploads, clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    clock(7)
    Presigned(uploads)  # counts leftovers of other tests
    capsys.readouterr()
    clock(0)
    presigned = Presigned(uploads)
    clock(6)
    Presigned(uploads)
    assert presigned.row["state"] == "pending"  # a slow upload may still be in progress
    for _ in range(2):
        clock(6.5)
        arrive(uploads, presigned.event("x") | {"s3": {"bucket": {"name": "a"}, "object": {"key": "presigned/b"}}})
    # And the upload that the check above announced.
    assert counted(capsys, "UploadsExpired") == 2
    assert presigned.row["state"] == "expired"
    assert int(presigned.row["expiresAt"]) > time.time() + 6 * 24 * HOURS


def test_a_file_that_comes_after_its_deadline_completes_the_product(
    uploads: Uploads, clock: Callable[[float], None]
) -> None:
    presigned = Presigned(uploads)
    clock(7)
    Presigned(uploads)
    assert presigned.row["state"] == "expired"
    arrive(uploads, presigned.event(presigned.send()))
    assert presigned.row["state"] == "stored"


def test_arrived_and_renewed_uploads_do_not_expire(
    uploads: Uploads, clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    clock(7)
    Presigned(uploads)
    capsys.readouterr()
    came, anew = Presigned(uploads), Presigned(uploads)
    arrive(uploads, came.event(came.send()))
    # Its deadline item is left behind, as after a crash.
    rows = sys.modules["upload_api.rows"]
    announcement = uploads.handler.TABLE.get(rows.announcement_key(came.answer["objectKey"]))
    uploads.handler.TABLE.put(rows.announced(announcement["product"]).deadline)
    uploads.expire(anew.key)
    time.sleep(1.1)  # deadlines are in seconds
    first_due = anew.row["expiresAt"]
    anew.announce()
    assert anew.row["expiresAt"] > first_due
    clock((int(first_due) + 1.05 - time.time()) / HOURS - 7 * 24)
    came_row = came.row
    Presigned(uploads)
    assert (came.row, anew.row["state"]) == (came_row, "pending")
    assert counted(capsys, "UploadsExpired") == 0


def test_a_failing_check_for_overdue_uploads_fails_no_request(uploads: Uploads, clock: Callable[[float], None]) -> None:
    clock(0)
    uploads.proxy.fault = failing("Query", refusing(500))
    assert uploads.post(presigned_upload(9))[0] == 202


def test_s3s_test_event_is_no_failure(uploads: Uploads) -> None:
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": uploads.name}
    assert uploads.handler.handle(event, LambdaContext()) == {"completed": 0}
