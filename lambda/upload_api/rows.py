"""What is kept of an upload, and what is answered: pure functions.

The table holds products; for each request the answer that was given; and for each presigned upload an announcement,
found by the object's key, and a deadline, found by time. No productId holds a `#`: none of these is ever a product.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sluice_functions import http
from sluice_functions.http import InvalidRequest
from sluice_functions.s3_events import S3Object

from .uploads import PRESIGNED_PREFIX, Upload

Row = dict[str, Any]

HOUR = 60 * 60
PRESIGNED_SECONDS = 15 * 60
REMEMBERED_SECONDS = 24 * HOUR
# An upload that starts while its URL is valid may end this much later: 5 GB at 2 Mbit/s.
ARRIVAL_SECONDS = 6 * HOUR
# How long after its deadline an upload still completes its product; then DynamoDB removes both items.
KEPT_SECONDS = 7 * 24 * HOUR

# States of a product: file stored; announced, not uploaded yet; uploaded with another size; not uploaded by the
# deadline.
STORED, PENDING, WRONG_SIZE, EXPIRED = "stored", "pending", "wrong-size", "expired"

# Attributes of a product that answers contain.
PUBLIC = ("productId", "productName", "fileName", "contentType", "size", "objectKey")

# Deadlines are spread over so many partitions: one takes 1,000 write units a second.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
DEADLINE_PARTITIONS = tuple(f"deadline#{number}" for number in range(8))

# Checksums in S3's answer, strongest first. Without a checksum from the sender S3 computes CRC64NVME.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
CHECKSUMS = ("SHA256", "SHA1", "CRC64NVME", "CRC32C", "CRC32")
# Length to which sequencers are padded, so that they sort as texts.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
SEQUENCER_WIDTH = 32


class KeyReused(InvalidRequest):
    """The idempotency key was used with another body before."""


@dataclass(frozen=True)
class Announced:
    """A presigned upload that is expected."""

    announcement: Row
    deadline: Row


def stored(upload: Upload, bucket: str, version_id: str, now: int, checksum: str = "") -> tuple[Row, Row]:
    """The product's item and the record of the answer, for a stored file."""
    row = _row(upload, bucket, now) | {"versionId": version_id, "state": STORED}
    answer = http.answer(201, {name: row[name] for name in (*PUBLIC, "versionId")})
    if checksum:
        row |= {"checksum": checksum, "checksumAlgorithm": "SHA256"}
    return row, _record(upload, answer, now + REMEMBERED_SECONDS)


def presigned(upload: Upload, bucket: str, url: str, now: int) -> tuple[Row, Row]:
    """The same for a presigned upload: without `versionId`, and valid for as long as its URL."""
    until = now + PRESIGNED_SECONDS
    row = _row(upload, bucket, now) | {
        "presignedUntil": _time(until),
        "state": PENDING,
        "expiresAt": until + ARRIVAL_SECONDS + KEPT_SECONDS,
    }
    answer = http.answer(
        202,
        {name: row[name] for name in (*PUBLIC, "presignedUntil")}
        # Part of the signature: S3 refuses any other type or length.
        | {"upload": {"method": "PUT", "url": url, "headers": upload.headers}},
    )
    return row, _record(upload, answer, until)


def announced(product: Row) -> Announced:
    """Items that complete a pending product when its file arrives, and that expire it otherwise."""
    key = product["objectKey"]
    due = _time(product["expiresAt"] - KEPT_SECONDS)
    announcement = {
        **announcement_key(key),
        "product": product,
        "due": due,
        "expiresAt": product["expiresAt"],
    }
    partition = DEADLINE_PARTITIONS[int(key[-1], 16) % len(DEADLINE_PARTITIONS)]
    return Announced(
        announcement, {"productId": partition, "productName": f"{due} {key}", "objectKey": key, "due": due}
    )


def announcement_key(object_key: str) -> dict[str, str]:
    return {"productId": f"announced#{object_key.removeprefix(PRESIGNED_PREFIX)}", "productName": "product"}


def arrived(announcement: Row, found: S3Object, head: Mapping[str, Any]) -> Row:
    """The product once a file is there, from S3's HeadObject answer: `stored`, or `wrong-size` with both sizes."""
    product = {name: value for name, value in announcement["product"].items() if name != "presignedUntil"}
    size = head["ContentLength"]
    facts = {
        "size": size,
        "versionId": found.version_id or head.get("VersionId") or "null",
        "eTag": head["ETag"].strip('"'),
        "sequencer": (found.sequencer or "").ljust(SEQUENCER_WIDTH, "0"),
        "storedTime": head["LastModified"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **_checksum(head),
    }
    if size != product["size"]:
        return {**product, **facts, "state": WRONG_SIZE, "announcedSize": product["size"]}
    del product["expiresAt"]
    return {**product, **facts, "state": STORED}


def expired(announcement: Row) -> Row:
    return {**announcement["product"], "state": EXPIRED}


def answer(record: Row, upload: Upload) -> http.Answer:
    """The answer of a record. Raises `KeyReused` if the record belongs to another body."""
    if record["fingerprint"] != upload.fingerprint:
        raise KeyReused("Idempotency-Key: it came with another body before; use a new one for a new upload")
    return dict(json.loads(record["answer"]))


def _row(upload: Upload, bucket: str, now: int) -> Row:
    return {
        "productId": upload.product_id,
        "productName": upload.product_name,
        "price": upload.price,
        "fileName": upload.file_name,
        "contentType": upload.content_type,
        "size": upload.size,
        "bucket": bucket,
        "objectKey": upload.object_key,
        "uploadTime": _time(now),
    }


def _record(upload: Upload, answer: http.Answer, expires_at: int) -> Row:
    return {
        **upload.record_key,
        "fingerprint": upload.fingerprint,
        "answer": json.dumps(answer),
        "expiresAt": expires_at,
    }


def _checksum(head: Mapping[str, Any]) -> dict[str, str]:
    for algorithm in CHECKSUMS:
        if value := head.get(f"Checksum{algorithm}"):
            return {"checksum": value, "checksumAlgorithm": algorithm}
    return {}


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
