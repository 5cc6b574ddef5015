"""What every row of an object version says."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from .s3_events import S3Object


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
