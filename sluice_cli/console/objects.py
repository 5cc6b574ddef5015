"""Objects of a bucket: pages of them, previews, downloads, and uploads."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from boto3.s3.transfer import TransferConfig

from .binary import is_binary
from .console import Console
from .guard import STRANGERS_POLICY, HttpError
from .happenings import follow_text
from .requests import PageRequest, Reply

LONGEST_TEXT = 64 * 1024
LARGEST_IMAGE = 20 * 1024 * 1024
PART = 256 * 1024
# One part at a time: an upload keeps no more than this in memory, whatever its size.
STREAMED = TransferConfig(multipart_threshold=8 * 1024 * 1024, multipart_chunksize=16 * 1024 * 1024, use_threads=False)
LONGEST_KEY = 1_024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

# By their first bytes: the uploader chose the declared type.
IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def listed(console: Console, request: PageRequest) -> Any:
    s3, bucket = _bucket(console, request)
    options = {"StartAfter": request.query["cursor"]} if request.query.get("cursor") else {}
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=request.query.get("prefix", ""), MaxKeys=request.limit, **options)
    found = answer.get("Contents", [])
    return {
        "objects": [
            {
                "key": one["Key"],
                "size": one["Size"],
                "modified": one["LastModified"].timestamp(),
                "etag": one["ETag"].strip('"'),
                "follow": follow_text((("object", bucket, one["Key"]),)),
            }
            for one in found
        ],
        "next": found[-1]["Key"] if answer.get("IsTruncated") and found else None,
    }


def preview(console: Console, request: PageRequest) -> Any:
    s3, bucket = _bucket(console, request)
    named = _named(request)
    head = s3.head_object(Bucket=bucket, **named)
    size = head["ContentLength"]
    start = _start(s3, bucket, named) if size else b""
    shown: dict[str, Any] = {"preview": "none", "text": None, "truncated": False, "image": None, "reason": None}
    if image_type(start):
        if size <= LARGEST_IMAGE:
            query = urlencode({"node": request.query["node"], **dict(_query(named))})
            shown |= {"preview": "image", "image": f"/api/object/image?{query}"}
        else:
            shown["reason"] = f"images of more than {LARGEST_IMAGE:,} bytes are not shown"
    else:
        text = text_in(start, whole=size <= LONGEST_TEXT)
        if text is None:
            shown["reason"] = "neither text in UTF-8 nor an image"
        else:
            shown |= {"preview": "text", "text": text, "truncated": size > LONGEST_TEXT}
    version = head.get("VersionId")
    return {
        "key": named["Key"],
        "size": size,
        "modified": head["LastModified"].timestamp(),
        "content_type": head.get("ContentType"),
        "version": version if version != "null" else None,
        "metadata": head.get("Metadata", {}),
        **shown,
        "follow": follow_text((("object", bucket, named["Key"]),)),
    }


def image(console: Console, request: PageRequest) -> Reply:
    s3, bucket = _bucket(console, request)
    answer = s3.get_object(Bucket=bucket, **_named(request))
    if answer["ContentLength"] > LARGEST_IMAGE:
        raise HttpError(413, f"the object is larger than {LARGEST_IMAGE:,} bytes")
    body = answer["Body"].read()
    type_ = image_type(body)
    if type_ is None:
        raise HttpError(415, "the object is no PNG, JPEG, GIF or WebP image")
    headers = {"Content-Type": type_, "Content-Security-Policy": STRANGERS_POLICY, "Content-Disposition": "inline"}
    return Reply(headers=headers, parts=iter([body]), length=len(body))


def download(console: Console, request: PageRequest) -> Reply:
    s3, bucket = _bucket(console, request)
    named = _named(request)
    answer = s3.get_object(Bucket=bucket, **named)
    name = named["Key"].rstrip("/").rpartition("/")[2] or "object"
    headers = {
        "Content-Type": "application/octet-stream",
        # Encoded: a name has no quotes, line ends or slashes of the key.
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}",
        "Content-Security-Policy": STRANGERS_POLICY,
    }
    return Reply(headers=headers, parts=_parts(answer["Body"]), length=answer["ContentLength"])


def upload(console: Console, request: PageRequest) -> Any:
    s3, bucket = _bucket(console, request)
    key = request.needed("key")
    if len(key.encode("utf-8", "replace")) > LONGEST_KEY:
        raise HttpError(400, f"a key has at most {LONGEST_KEY:,} bytes in UTF-8")
    type_ = str(request.headers.get("X-Content-Type") or "")
    extra = {"ContentType": type_} if type_ and type_.isascii() and type_.isprintable() else {}
    s3.upload_fileobj(_Stream(request), bucket, key, ExtraArgs=extra, Config=STREAMED)
    head = s3.head_object(Bucket=bucket, Key=key)
    version = head.get("VersionId")
    etag = head["ETag"].strip('"')
    return {
        "key": key,
        "size": head["ContentLength"],
        "version": version if version != "null" else None,
        "etag": etag,
        "follow": follow_text((("object", bucket, key, version or etag),)),
    }


class _Stream:
    """The body as a file that can be read once, from begin to end."""

    def __init__(self, request: PageRequest) -> None:
        self._body = request.body

    def read(self, size: int = -1) -> bytes:
        return self._body.read(size) if self._body else b""


def image_type(start: bytes) -> str | None:
    """The media type of an image that browsers show, by its first bytes."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return next((type_ for magic, type_ in IMAGES if start.startswith(magic)), None)


def text_in(start: bytes, *, whole: bool) -> str | None:
    """The text of an object's first bytes; None where they are no text in UTF-8."""
    try:
        text = start.decode()
    except UnicodeDecodeError as error:
        # A character that the end of what was read cuts in two.
        if whole or error.start < len(start) - 3:
            return None
        text = start[: error.start].decode()
    return None if "\0" in text or is_binary(text) else text.removeprefix("\ufeff")


def _start(s3: Any, bucket: str, named: dict[str, str]) -> bytes:
    with s3.get_object(Bucket=bucket, **named, Range=f"bytes=0-{LONGEST_TEXT - 1}")["Body"] as body:
        return bytes(body.read(LONGEST_TEXT))


def _parts(body: Any) -> Iterator[bytes]:
    with body:
        while part := body.read(PART):
            yield part


def _bucket(console: Console, request: PageRequest) -> tuple[Any, str]:
    node = console.node(request)
    if node.type != "aws_s3_bucket" or node.name is None:
        raise HttpError(400, f"{node.title} is no bucket")
    return console.client("s3", node.region or None), node.name


def _named(request: PageRequest) -> dict[str, str]:
    version = request.query.get("version")
    return {"Key": request.needed("key"), **({"VersionId": version} if version else {})}


def _query(named: dict[str, str]) -> Iterator[tuple[str, str]]:
    names = {"Key": "key", "VersionId": "version"}
    return ((names[name], value) for name, value in named.items())
