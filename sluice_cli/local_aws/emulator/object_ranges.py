"""Parts of an object's version: ministack 1.5.33 answers a Range with the whole object where a version is named.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import s3

from completing import existing

_plain_object = existing(s3, "_get_object")
_range = existing(s3, "_parse_range")
_range_error = existing(s3, "_range_error_xml")
_as_xml = existing(s3, "_xml_body")


def _get_object(bucket: str, key: str, headers: Mapping[str, str], query: Any = None) -> Any:
    status, given, body = _plain_object(bucket, key, headers, query)
    if status != 200 or "range" not in headers or "versionId" not in (query or {}):
        return status, given, body
    found = _range(headers["range"], len(body))
    if found is None:
        refused = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
        return 416, refused, _as_xml(_range_error(bucket, key))
    start, end = found
    part = body[start : end + 1]
    # A checksum is that of the whole object.
    kept = {name: value for name, value in given.items() if not name.lower().startswith("x-amz-checksum-")}
    place = {"Content-Length": str(len(part)), "Content-Range": f"bytes {start}-{end}/{len(body)}"}
    return 206, {**kept, **place}, part


s3._get_object = _get_object
