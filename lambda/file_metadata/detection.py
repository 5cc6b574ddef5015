"""The type of a content by its first bytes alone."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from . import containers, encodings, signatures, structures, texts
from .media_types import UNKNOWN


class Evidence(Enum):
    """What the first bytes prove."""

    SIGNATURE = "the signature of a binary format"
    TEXT = "text"
    BINARY = "neither a text nor a format with a signature"
    NONE = "nothing: too little is there, or bytes of both kinds"


@dataclass(frozen=True)
class Shown:
    """The most specific type of a content, and the evidence for it."""

    name: str
    evidence: Evidence
    container: str | None = None


PDF_NAME = "application/pdf"

# Formats with a signature whose files may be text. Other formats contain zeros or the like, so a text that happens to
# begin with their signature (`BMW ...`) is a text.
WRITTEN_AS_TEXT = {
    PDF_NAME,
    "application/postscript",
    "application/rtf",
    "application/mac-binhex40",
    "application/vnd.fdf",
    "application/vnd.framemaker",
    "application/x-archive",
    "application/vnd.debian.binary-package",
    "application/x-bittorrent",
    "application/x-font-bdf",
    "application/x-font-type1",
    "application/x-stata-dta",
    "audio/x-imelody",
    "image/fits",
    "image/x-xpixmap",
}
# Text formats among them that are never served as plain text.
NO_PLAIN_TEXT = {PDF_NAME, "application/postscript", "application/rtf", "application/x-bittorrent"}
# Tab, line and page breaks, backspace and escape occur in texts, as does DOS's end-of-file character.
CONTROL = r"[\x00-\x07\x0e-\x1a\x1c-\x1f]"
# Allowed share of control characters: some protocols separate fields by them. Random bytes have 0.1, and are not ASCII.
MOST_CONTROLS, MOST_CONTROLS_IN_ASCII = 0.03, 0.2
# At the start, or where its second line or its first object shows that it is no text on the format.
PDF_AT_START = rb"(?s)\W{0,64}%PDF-|.{0,1024}?[\r\n]%PDF-[12]\.[0-9]\s+(?:%[\x80-\xff]{2}|\d+ \d+ obj\b)"
PDF = rb"%PDF-[12]\.[0-9]"
PDF_WITHIN = 1024  # bytes: https://pdfa.org/pdf-differences/ allows that much before it


def detect(content: bytes) -> Shown:
    """The type of a content by its first bytes; None for empty content."""
    text = encodings.decoded(content)
    controls = len(re.findall(CONTROL, (text or "").rstrip("\x1a")))
    is_text = text is not None and controls == 0
    name, container = _binary(content)
    if is_text and name == PDF_NAME and not re.match(PDF_AT_START, content):
        name = None  # a text that describes the format
    if name and not (is_text and name not in WRITTEN_AS_TEXT):
        return Shown(name, Evidence.TEXT if is_text and name not in NO_PLAIN_TEXT else Evidence.SIGNATURE, container)
    if is_text and text is not None:
        return Shown(structures.netpbm(content) or texts.kind(text), Evidence.TEXT)
    most = MOST_CONTROLS_IN_ASCII if content.isascii() else MOST_CONTROLS
    if text is not None and controls <= most * len(content):
        return Shown(UNKNOWN, Evidence.NONE)
    weak = structures.targa, structures.resembled, signatures.resembled, structures.single_frame
    return Shown(next(filter(None, (look(content) for look in weak)), UNKNOWN), Evidence.BINARY)


def _binary(content: bytes) -> tuple[str | None, str | None]:
    """The type of a binary format, and its container's name in families.py."""
    for signature, container, refine in CONTAINERS:
        if content.startswith(signature):
            refined = refine(content)
            # A known variant identifies the format; an unknown variant can be any of the container's formats.
            exact = container in ("riff", "iff") and not refined.startswith("application/x-")
            return refined, None if exact else container
    if content.startswith(b"ID3"):
        sound = _after_tag(content)
        return sound or "audio/mpeg", None if sound else "id3"
    if name := signatures.by_signature(content) or structures.netpbm(content):
        return name, None
    if name := containers.in_iso_media(content):
        return name, "iso"
    if re.match(PDF_AT_START, content) or re.search(PDF, content[:PDF_WITHIN]):
        return PDF_NAME, "pdf"
    name = structures.by_structure(content)
    return name, "mpegaudio" if name == "audio/mpeg" else None


TAG_HEADER = 10


def _after_tag(content: bytes) -> str | None:
    """Audio after an ID3 tag, which can precede formats other than MP3: https://id3.org/id3v2.4.0-structure"""
    size = 0
    for byte in content[6:TAG_HEADER]:
        size = size << 7 | byte & 0x7F
    sound = content[TAG_HEADER + size :].lstrip(b"\0")
    return signatures.by_signature(sound) or structures.by_structure(sound) if sound else None


CONTAINERS: tuple[tuple[bytes, str, Callable[[bytes], str]], ...] = (
    (b"PK\x03\x04", "zip", containers.in_zip),
    (b"PK\x07\x08PK\x03\x04", "zip", containers.in_zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", containers.in_ole),
    (b"II*\x00", "tiff", containers.in_tiff),
    (b"MM\x00*", "tiff", containers.in_tiff),
    (b"II+\x00\x08\x00", "tiff", lambda _: "image/tiff"),
    (b"MM\x00+\x00\x08", "tiff", lambda _: "image/tiff"),
    (b"RIFF", "riff", containers.in_riff),
    (b"RF64", "riff", containers.in_riff),
    (b"RIFX", "riff", containers.in_riff),
    (b"FORM", "iff", containers.in_iff),
    (b"\x1a\x45\xdf\xa3", "matroska", containers.in_matroska),
    (b"OggS", "ogg", containers.in_ogg),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", containers.in_asf),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jpeg2000", containers.in_jpeg_2000),
)


def unpacked(content: bytes) -> bytes:
    """The first bytes of decompressed gzip content; empty if it is damaged."""
    try:
        return zlib.decompressobj(31).decompress(content, 4096)
    except zlib.error:
        return b""
