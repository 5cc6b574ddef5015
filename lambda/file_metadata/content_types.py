"""What an object is, by its Content-Type header and by its content: pure functions."""

import re
from dataclasses import dataclass

import filetype

# What the detector looks at, at the most.
FIRST_BYTES = 8192

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
ZIP = "application/zip"

# https://www.rfc-editor.org/rfc/rfc6838#section-4.2
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")

# Other names in use for the same type; S3's own for a missing header is the first.
SYNONYMS = {
    "binary/octet-stream": UNKNOWN,
    "application/x-gzip": "application/gzip",
    "application/x-zip-compressed": ZIP,
    "application/vnd.rar": "application/x-rar-compressed",
    "application/vnd.microsoft.portable-executable": "application/x-msdownload",
    "audio/mp3": "audio/mpeg",
    "audio/wav": "audio/x-wav",
    "audio/flac": "audio/x-flac",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/vnd.microsoft.icon": "image/x-icon",
    "image/x-ms-bmp": "image/bmp",
    "text/rtf": "application/rtf",
}

# Types that share a container, which is all their first bytes tell.
FAMILIES = (
    {"image/png", "image/apng"},
    {"audio/mp4", "audio/x-m4a", "video/mp4", "video/x-m4v", "video/quicktime", "video/3gpp"},
    {"audio/ogg", "video/ogg", "application/ogg"},
    {"audio/webm", "video/webm", "video/x-matroska", "audio/x-matroska"},
    {"application/font-sfnt", "font/ttf", "font/otf", "font/sfnt"},
    {"application/font-woff", "font/woff", "font/woff2"},
    {"application/x-msdownload", "application/x-dosexec"},
)
ZIPPED = re.compile(
    r".*\+zip|application/(vnd\.(openxmlformats-|oasis\.opendocument\.|ms-|android\.package).*|java-archive)"
)
TEXTUAL = re.compile(r"text/.*|.*\+(json|xml)|application/(json|xml|javascript)")
MEDIA = re.compile(r"(image|audio|video|font)/(?!.*\+xml$).*")

# Formats with a signature that may hold text alone. Others have zeros or the like in them, so that a text that happens
# to begin as they do (`BMW ...`) is a text.
WRITTEN_AS_TEXT = {"application/pdf", "application/postscript", "application/rtf"}
# Tab, line and page ends, and escape are in texts.
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 and UTF-32 with their byte order mark

DETECTABLE = {one.mime for one in filetype.TYPES}


@dataclass(frozen=True)
class ContentType:
    """A content type, which of the two it was taken from (`header`, `content`), and whether they contradict each other.

    `detected` is what the content shows; None where it shows nothing.
    """

    trusted: str
    source: str
    detected: str | None
    mismatch: bool


def decide(header: str | None, first_bytes: bytes) -> ContentType:
    """The header is trusted unless it says nothing or the content contradicts it.

    `header` is a Content-Type header; None, S3's default for none, and what is no media type say nothing.
    `first_bytes` are the object's first `FIRST_BYTES`; none where there is no content, or where it is encoded.
    """
    claimed = _media_type(header)
    detected = _detect(first_bytes)
    if detected is None:
        return ContentType(claimed, "header", None, mismatch=False)
    if claimed == UNKNOWN:
        return ContentType(detected, "content", detected, mismatch=False)
    if _agree(claimed, detected):
        return ContentType(claimed, "header", detected, mismatch=False)
    return ContentType(detected, "content", detected, mismatch=True)


def _media_type(header: str | None) -> str:
    """The header's type in the one spelling of it, without parameters such as charset."""
    name = (header or "").partition(";")[0].strip().lower()
    return SYNONYMS.get(name, name) if MEDIA_TYPE.fullmatch(name) else UNKNOWN


def _detect(first_bytes: bytes) -> str | None:
    """The type that the content shows: by a signature, else as some text, else as unknown."""
    if not first_bytes:
        return None
    by_signature: str | None = filetype.guess_mime(first_bytes)
    text = first_bytes.startswith(WIDE_TEXT) or not BINARY.search(first_bytes)
    if by_signature and not (text and by_signature not in WRITTEN_AS_TEXT):
        return SYNONYMS.get(by_signature, by_signature)
    return TEXT if text else UNKNOWN


def _agree(claimed: str, detected: str) -> bool:
    if claimed == detected or any({claimed, detected} <= family for family in FAMILIES):
        return True
    if detected == TEXT:  # so are JSON, SVG and program code; what has a signature or encodes sound and light is not
        return claimed not in DETECTABLE and not MEDIA.fullmatch(claimed)
    if detected == UNKNOWN:  # anything but a text, and but what would have been detected
        return claimed not in DETECTABLE and not TEXTUAL.fullmatch(claimed)
    return detected == ZIP and bool(ZIPPED.fullmatch(claimed))
