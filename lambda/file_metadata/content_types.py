"""An object's content type, from its Content-Type header, content and name: pure functions."""

from dataclasses import dataclass

from . import extensions
from .comparison import allows, is_other_name
from .detection import detect, unpacked
from .media_types import UNKNOWN, from_header

# The number of bytes that the detector reads at most.
FIRST_BYTES = 8192

GZIP = "application/gzip"
PROGRAM = "application/vnd.microsoft.portable-executable"
ANY_WINDOWS_PROGRAM = "application/x-msdownload"  # what Windows runs: .exe, .dll, .com, .bat, .msi


@dataclass(frozen=True)
class ContentType:
    """A content type, its source, and whether header and content contradict each other.

    `source` is `header`, `content`, or `extension` if the content is a container whose type the extension makes more
    exact. `detected` is the content's type; None if there is no content.
    """

    trusted: str
    source: str
    detected: str | None
    mismatch: bool


def decide(header: str | None, first_bytes: bytes, extension: str | None = None) -> ContentType:
    """The type of an object. The header is trusted unless it names no type, or the content proves it wrong.

    `header` is the Content-Type header. None, S3's default, and invalid media types count as no type. `first_bytes` are
    the object's first `FIRST_BYTES`; none if it is empty or encoded. `extension` is the name's extension in lower case;
    it counts only if the header names no type, and only if the content can be of its type.
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
        if (claimed == ANY_WINDOWS_PROGRAM and shown.name == PROGRAM) or is_other_name(claimed, shown.name):
            claimed = shown.name
        return ContentType(claimed, "header", shown.name, mismatch=False)
    return ContentType(shown.name, "content", shown.name, mismatch=True)
