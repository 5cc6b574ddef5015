"""What is recorded and said of an object: pure functions."""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from shared.http import InvalidRequest
from shared.s3_events import S3Object

Row = dict[str, Any]

LONGEST_KEY = 1024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

# Bookkeeping of the notification, not of interest to who asks about an object.
INTERNAL = ("notificationLease",)


def row(found: S3Object, head: Mapping[str, Any]) -> Row:
    """The row of one object version, from S3's HeadObject answer.

    It is the same row however often and by whichever way (event or HTTP) the version is recorded: `uploadTime` is
    S3's own time of the upload and, because that counts in seconds, the version after a `#`. Texts in this form sort
    by time. `timestamp` is the plain time.
    """
    uploaded = head["LastModified"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    version = head.get("VersionId") or "null"
    return {
        "objectKey": found.key,
        "uploadTime": f"{uploaded}#{version}",
        "name": found.key.rstrip("/").rpartition("/")[2] or found.key,
        "size": head["ContentLength"],
        "timestamp": uploaded,
        "bucket": found.bucket,
        "versionId": version,
        "eTag": head["ETag"].strip('"'),
        "contentType": head.get("ContentType", "application/octet-stream"),
    }


def public(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in INTERNAL}


def notification(row: Row) -> dict[str, str]:
    """Subject and message for the topic. A subject may hold ASCII only, so the key stays in the message."""
    return {
        "Subject": f"Object stored in {row['bucket']}"[:100],
        "Message": json.dumps(public(row), ensure_ascii=False, indent=2, sort_keys=True),
    }


def checked_key(key: Any) -> str:
    """A key as S3 takes it. Raises `InvalidRequest` otherwise."""
    if not isinstance(key, str) or not key:
        raise InvalidRequest("key: give the object's key, a text that is not empty")
    try:
        length = len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequest("key: not valid Unicode") from error
    if length > LONGEST_KEY:
        raise InvalidRequest(f"key: {length} bytes long, S3 allows {LONGEST_KEY}")
    return key


def requested_object(bucket: str, body: Mapping[str, Any]) -> S3Object:
    """The object that a request to record names. Raises `InvalidRequest`."""
    unknown = sorted(set(body) - {"key", "versionId"})
    if unknown:
        raise InvalidRequest(f"unknown field {unknown[0]!r}; a request has key and, if need be, versionId")
    version_id = body.get("versionId")
    if version_id is not None and not (isinstance(version_id, str) and 0 < len(version_id) <= LONGEST_KEY):
        raise InvalidRequest("versionId: give a text that is not empty, or leave it out")
    return S3Object(bucket, checked_key(body.get("key")), version_id)
