"""The stack, deployed with Terraform on a local AWS that enforces IAM; the fixtures are from Sluice's pytest plugin."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from resize.thumbnails import LARGEST_FILE
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import DeployedProject, crash_once, eventually

from tests.pictures import BAD, picture

Row = dict[str, str]


@dataclass(frozen=True)
class Thumbnails:
    """The deployed system, as its users see it: they upload pictures and read the results."""

    local: LocalAws
    outputs: Mapping[str, Any]

    def upload(self, key: str, content: bytes) -> str:
        """Upload a picture, and return its version."""
        named = {"Bucket": self.outputs["PictureBucketName"], "Key": key}
        return str(self.local.client("s3").put_object(**named, Body=content)["VersionId"])

    def row(self, key: str, version: str = "") -> Row:
        """Wait for the row of that version of a picture."""

        def look() -> Row:
            asked = {"TableName": self.outputs["TableName"], "Key": {"pictureKey": {"S": key}}}
            item = self.local.client("dynamodb").get_item(**asked, ConsistentRead=True).get("Item", {})
            row = {name: str(next(iter(value.values()))) for name, value in item.items()}
            return row if not version or row.get("versionId") == version else {}

        return eventually(look, within=30)

    def send_event(self, key: str, version: str, sequencer: str) -> None:
        """Send S3's event about a version again: S3 delivers at least once, in any order."""
        about = {"key": key, "versionId": version, "sequencer": sequencer, "size": 1000}
        record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": self.outputs["PictureBucketName"]}}}
        event = {"Records": [{**record, "s3": {**record["s3"], "object": about}}]}  # type: ignore[dict-item]
        self.local.client("sqs").send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody=json.dumps(event))

    def thumbnail(self, row: Row) -> Image.Image:
        found = self.local.client("s3").get_object(Bucket=self.outputs["ThumbnailBucketName"], Key=row["thumbnailKey"])
        return Image.open(io.BytesIO(found["Body"].read()))

    def thumbnails(self) -> list[str]:
        """The keys of all thumbnails."""
        found = self.local.client("s3").list_objects_v2(Bucket=self.outputs["ThumbnailBucketName"])
        return [one["Key"] for one in found.get("Contents", [])]

    def wait_until_idle(self) -> None:
        """Wait until the queue is empty."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

        def idle() -> bool:
            asked = {"QueueUrl": self.outputs["QueueUrl"], "AttributeNames": names}
            counts = self.local.client("sqs").get_queue_attributes(**asked)["Attributes"]
            return all(int(counts[name]) == 0 for name in names)

        eventually(idle, within=30)


@pytest.fixture(scope="module")
def thumbnails(deployed_project: DeployedProject, local_aws: LocalAws) -> Thumbnails:
    return Thumbnails(local_aws, deployed_project.outputs("image-thumbnails"))


def a_key(name: str = "picture.jpg") -> str:
    return f"{uuid4().hex[:12]}/{name}"


def test_a_picture_gets_a_thumbnail_and_a_row(thumbnails: Thumbnails) -> None:
    key = a_key("fünf + 1%.jpg")
    version = thumbnails.upload(key, picture((800, 600)))
    row = thumbnails.row(key)
    assert (row["status"], row["format"], row["width"], row["height"]) == ("ready", "JPEG", "800", "600")
    assert row["versionId"] == version
    small = thumbnails.thumbnail(row)
    assert (small.format, small.size) == ("WEBP", (256, 192))
    processed = datetime.fromisoformat(row["processedAt"])
    assert timedelta(days=89) < datetime.fromtimestamp(int(row["expiresAt"]), UTC) - processed < timedelta(days=91)


def test_a_file_that_is_not_a_picture_is_rejected_with_the_reason_and_indexed(thumbnails: Thumbnails) -> None:
    before = thumbnails.thumbnails()
    keys = {name: a_key(name) for name in BAD}
    for name, key in keys.items():
        thumbnails.upload(key, BAD[name][0])
    for name, key in keys.items():
        row = thumbnails.row(key)
        assert (row["status"], row["reason"].startswith(BAD[name][1])) == ("rejected", True), (name, row)
    assert thumbnails.thumbnails() == before
    found = thumbnails.local.client("dynamodb").query(
        TableName=thumbnails.outputs["TableName"],
        IndexName="by-status",
        KeyConditionExpression="#status = :rejected",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":rejected": {"S": "rejected"}},
    )["Items"]
    assert set(keys.values()) <= {one["pictureKey"]["S"] for one in found}


def test_a_huge_file_is_rejected_before_it_is_downloaded(thumbnails: Thumbnails) -> None:
    key = a_key()
    thumbnails.upload(key, picture() + b"\0" * LARGEST_FILE)
    row = thumbnails.row(key)
    assert (row["status"], row["reason"]) == ("rejected", f"the file is larger than {LARGEST_FILE} bytes")


def test_a_repeated_or_late_event_changes_nothing(thumbnails: Thumbnails) -> None:
    key = a_key()
    old = thumbnails.upload(key, picture((300, 200)))
    thumbnails.row(key, old)
    new = thumbnails.upload(key, picture((200, 300)))
    row = thumbnails.row(key, new)
    for version, order in ((new, row["uploadOrder"]), (old, "0")):
        thumbnails.send_event(key, version, order)
    thumbnails.wait_until_idle()
    assert thumbnails.row(key) == row
    assert thumbnails.thumbnail(row).size == (171, 256)


def test_a_picture_that_was_deleted_meanwhile_is_no_failure(thumbnails: Thumbnails) -> None:
    thumbnails.send_event(a_key(), uuid4().hex, "1")
    thumbnails.wait_until_idle()
    dead = thumbnails.outputs["QueueUrl"] + "-dead-letters"
    assert "Messages" not in thumbnails.local.client("sqs").receive_message(QueueUrl=dead)


@pytest.mark.parametrize("after", ["s3:PutObject", "dynamodb:PutItem"])
def test_a_crash_in_the_middle_leaves_one_thumbnail_and_one_row(thumbnails: Thumbnails, after: str) -> None:
    key, before = a_key(), set(thumbnails.thumbnails())
    crash = crash_once(thumbnails.local, "image-thumbnails-resize", after=after)
    thumbnails.upload(key, picture())
    eventually(lambda: crash.happened, within=30)
    row = thumbnails.row(key)
    thumbnails.wait_until_idle()
    assert thumbnails.row(key) == row
    assert set(thumbnails.thumbnails()) - before == {row["thumbnailKey"]}
    assert row["status"] == "ready"
