"""Attributes that every row of an object version has, and why S3 may refuse to return an existing object."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from .errors import MalformedEvent
from .s3_events import S3Object, VersionGone

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
ARCHIVED = "archived: restore it to read it"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
CUSTOMER_KEY = "encrypted with a key of the sender (SSE-C)"


def described(found: S3Object, head: Mapping[str, Any]) -> dict[str, Any]:
    """What identifies an object version, its name and size, from S3's HeadObject answer.

    It is the same however often and by whichever way (event or HTTP) the version is looked at: `uploadTime` is S3's
    own time of the upload and, because that counts in seconds, the version after a `#`. Texts in this form sort by
    time. `timestamp` is the plain time.
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
    }


def is_folder_marker(found: S3Object) -> bool:
    """Whether an object only makes a folder visible, as the S3 console's "Create folder" does: its key ends with a
    slash. https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html"""
    return found.key.endswith("/")


def why_unreadable(error: ClientError) -> str | None:
    """`ARCHIVED` or `CUSTOMER_KEY` where GetObject failed because of it, which no retry changes; None for all else.

    HeadObject is answered for an archived object; for one with a customer key it fails with a plain 400, without the
    body that says so: see `has_customer_key`.
    """
    refusal = error.response["Error"]
    if refusal.get("Code") == "InvalidObjectState":
        return ARCHIVED
    if refusal.get("Code") == "InvalidRequest" and "Server Side Encryption" in refusal.get("Message", ""):
        return CUSTOMER_KEY
    return None


# Codes of GetObject, and HeadObject's, which has no body to name one.
NO_SUCH_VERSION = {"NoSuchVersion", "NoSuchKey", "404"}


def gone(wanted: S3Object, error: ClientError) -> VersionGone | None:
    """What to raise where S3 says for certain that it has no such version; None for any other error.

    Not for certain is 403, which S3 also answers for a missing version unless the role has `s3:ListBucket`:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_RequestSyntax
    """
    if not wanted.version_id or error.response["Error"].get("Code") not in NO_SUCH_VERSION:
        return None
    return VersionGone(f"{wanted.key!r} (version {wanted.version_id}) is not in the bucket (any more)")


def has_customer_key(s3: Any, named: Mapping[str, str]) -> bool:
    """Whether an object for which HeadObject answered 400 is encrypted with a customer-provided key.

    `named` is Bucket, Key and, if known, VersionId.
    """
    try:
        s3.get_object(**named, Range="bytes=0-0")["Body"].close()
    except ClientError as error:
        return why_unreadable(error) == CUSTOMER_KEY
    return False


def head_from_event(found: S3Object) -> dict[str, Any]:
    """What an event says of an object, in HeadObject's form, for an object that S3 does not show without its key.

    It is the same for each delivery of the event. Raises `MalformedEvent` where the event leaves something out.
    """
    if found.size is None or not found.e_tag or not found.event_time:
        raise MalformedEvent("size, eTag and eventTime must be there: S3 shows this object to nobody without its key")
    try:
        created = datetime.fromisoformat(found.event_time)
    except ValueError as error:
        raise MalformedEvent(f"eventTime {found.event_time!r} is not an ISO 8601 time") from error
    return {
        "LastModified": created if created.tzinfo else created.replace(tzinfo=UTC),
        "ContentLength": found.size,
        "ETag": found.e_tag,
        "VersionId": found.version_id,
    }
