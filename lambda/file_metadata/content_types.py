"""What an object is, by its Content-Type header, by its content and by its name: pure functions."""

from dataclasses import dataclass

from . import extensions
from .comparison import allows
from .detection import detect, unpacked
from .media_types import UNKNOWN, from_header

# What the detector looks at, at the most.
FIRST_BYTES = 8192

GZIP = "application/gzip"


@dataclass(frozen=True)
class ContentType:
    """A content type, what it was taken from, and whether header and content contradict each other.

    `source` is `header`, `content`, or `extension` where the content is of a container that the name's extension makes
    more exact. `detected` is what the content shows; None where there is none to look at.
    """

    trusted: str
    source: str
    detected: str | None
    mismatch: bool


def decide(header: str | None, first_bytes: bytes, extension: str | None = None) -> ContentType:
    """The header is trusted unless it names no type or the content proves it wrong.

    `header` is a Content-Type header; None, S3's default for none, and what is no media type name no type.
    `first_bytes` are the object's first `FIRST_BYTES`; none where there is no content, or where it is encoded.
    `extension` is that of the object's name in lower case; it counts only where the header names no type, and only
    where the content may be of its type.
    """
    claimed = from_header(header)
    if not first_bytes:
        return ContentType(claimed, "header", None, mismatch=False)
    shown = detect(first_bytes)
    inside = detect(unpacked(first_bytes)).name if shown.name == GZIP and claimed != UNKNOWN else None
    if claimed == UNKNOWN:
        refined = extensions.refine(shown, extension)
        return ContentType(refined or shown.name, "extension" if refined else "content", shown.name, mismatch=False)
    if allows(claimed, shown, inside):
        return ContentType(claimed, "header", shown.name, mismatch=False)
    return ContentType(shown.name, "content", shown.name, mismatch=True)
