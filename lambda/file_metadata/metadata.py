"""The row of an object version: pure functions."""

import re
from collections.abc import Mapping
from typing import Any

from sluice_functions.s3_events import S3Object
from sluice_functions.s3_objects import described, is_folder_marker

from . import content_types

Row = dict[str, Any]

EXTENSION = re.compile(r"[^\s.]{1,32}")
# S3 may keep this value of a chunked upload, although the object is not encoded.
CHUNKED = "aws-chunked"
# Content codings (https://www.iana.org/assignments/http-parameters/http-parameters.xhtml#content-coding), and other
# compressions in use. Other values that senders set (`utf-8`, `identity`, `base64`) do not change the bytes.
CODINGS = {
    *("gzip", "x-gzip", "compress", "x-compress", "deflate", "br", "brotli", "zstd", "dcb", "dcz", "exi"),
    *("aes128gcm", "aesgcm", "pack200-gzip", "bzip2", "x-bzip2", "xz", "lzma", "lz4", "snappy"),
}


def row(found: S3Object, head: Mapping[str, Any], first_bytes: bytes, not_read: str | None = None) -> Row:
    """The row of one object version, the same for each delivery of its event.

    `head` is S3's HeadObject answer, `first_bytes` the content's first `content_types.FIRST_BYTES`, and `not_read` the
    reason why a content could not be read. Attributes without a value (an extension, an encoding) are left out.
    """
    described_object = described(found, head)
    header = head.get("ContentType")
    words = [word for word in re.split(r"[\s,]+", head.get("ContentEncoding") or "") if word]
    encoding = ", ".join(word for word in words if word.lower() != CHUNKED)
    encoded = any(word.lower() in CODINGS for word in words)
    name_extension = None if is_folder_marker(found) else extension(described_object["name"])
    # The header describes the decoded content; the bytes of a compressed object only show the compression.
    kind = content_types.decide(header, b"" if encoded else first_bytes, name_extension)
    optional = {
        "extension": name_extension,
        "headerContentType": header,
        "detectedContentType": kind.detected,
        "contentEncoding": encoding,
        "contentNotRead": not_read,
    }
    return {
        **described_object,
        "uploadDay": described_object["timestamp"][: len("2026-01-31")],
        "contentType": kind.trusted,
        "contentTypeSource": kind.source,
        "contentTypeMismatch": kind.mismatch,
        **{name: value for name, value in optional.items() if value},
    }


def extension(name: str) -> str | None:
    """The part after the last dot of a file name, in lower case; None for names without a dot and for dotfiles."""
    stem, _, last = name.lstrip(".").rpartition(".")
    return last.lower() if stem and EXTENSION.fullmatch(last) else None
