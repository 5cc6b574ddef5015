"""Rows and notifications of an object: pure functions."""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from sluice_functions.http import InvalidRequest
from sluice_functions.s3_events import S3Object
from sluice_functions.s3_objects import CUSTOMER_KEY, described

Row = dict[str, Any]

# Maximum bytes of a key (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html) and of a version id
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html).
LONGEST_NAME = 1024

# Attributes that track the notification; they are not part of answers.
INTERNAL = ("notificationLease",)


def row(found: S3Object, head: Mapping[str, Any]) -> Row:
    """The row of one object version, from S3's HeadObject answer."""
    return {**described(found, head), "contentType": head.get("ContentType", "application/octet-stream")}


def encrypted_row(found: S3Object, head: Mapping[str, Any]) -> Row:
    """The row of an object version that S3 describes only to callers with its customer-provided key."""
    return {**row(found, head), "contentNotRead": CUSTOMER_KEY}


def public(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in INTERNAL}


def notification(row: Row) -> dict[str, str]:
    """Subject and message for the topic. A subject has to be ASCII, so the key is in the message only."""
    return {
        "Subject": f"Object stored in {row['bucket']}"[:100],
        "Message": json.dumps(public(row), ensure_ascii=False, indent=2, sort_keys=True),
    }


def digest(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """One notification of several rows: `{"objects": [...]}`, each as in a notification of its own."""
    objects = [public(dict(row)) for row in rows]
    return {
        "Subject": f"Objects stored in {rows[0]['bucket']}: {len(rows)}"[:100],
        "Message": json.dumps({"objects": objects}, ensure_ascii=False, sort_keys=True),
    }


def checked_key(key: Any) -> str:
    """A key that S3 accepts. Raises `InvalidRequest` otherwise."""
    checked = _checked("key", key, "the object's key, a text that is not empty")
    # S3 answers 400 for such a key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    if min(accumulate(-1 if part == ".." else 1 for part in checked.split("/"))) < 0:
        raise InvalidRequest("key: leads above the bucket")
    return checked


def requested_object(bucket: str, body: Mapping[str, Any]) -> S3Object:
    """The object that a POST request names. Raises `InvalidRequest`."""
    unknown = sorted(set(body) - {"key", "versionId"})
    if unknown:
        raise InvalidRequest(f"unknown field {unknown[0]!r}; a request has key and, if need be, versionId")
    version_id = body.get("versionId")
    if version_id is not None:
        version_id = _checked("versionId", version_id, "the version as S3 gave it, or leave it out")
    return S3Object(bucket, checked_key(body.get("key")), version_id)


def _checked(name: str, value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"{name}: give {what}")
    try:
        length = len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{name}: not valid Unicode") from error
    if length > LONGEST_NAME:
        raise InvalidRequest(f"{name}: {length} bytes long, S3 allows {LONGEST_NAME}")
    return value
