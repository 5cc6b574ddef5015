"""An object's bytes as text: decompressed and decoded, within limits. Pure functions.

gzip is known by its first two bytes, whatever the object's name and Content-Encoding say. The encoding is known by its
byte order mark or, as RFC 4627 section 3 has it, by the zero bytes around the first character, which is ASCII in JSON.
"""

import re
import zlib
from collections.abc import Sequence

# Limit in bytes, of the object and of its decompressed content: several objects of 10 MB, and about as much as a
# function can store in 30 seconds. Larger objects are rejected as a whole.
LARGEST_CONTENT = 64 * 1024 * 1024
MOST_LAYERS = 3  # gzip within gzip: client and proxy may each have compressed
MOST_MEMBERS = 100_000  # concatenated gzip members, as Kinesis Data Firehose writes them
STEP = 16 * 1024  # compressed bytes at a time: the rest is copied for each member

GZIP = b"\x1f\x8b"
MARKS = (
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
)
NAMES = {"utf-16-be": "UTF-16", "utf-16-le": "UTF-16", "utf-32-be": "UTF-32", "utf-32-le": "UTF-32"}

JSON_TEXT = re.compile(rb"(\xef\xbb\xbf)?\s*[\[{]")


class Unreadable(ValueError):
    """The object cannot be read at all; the message says why, for its sender."""


def too_large(size: int) -> Unreadable:
    return Unreadable(
        f"the object has {size} bytes, beyond the size limit of {LARGEST_CONTENT} bytes; nothing of it is stored"
    )


def read_text(content: bytes, *, key: str = "", encoding: str | None = None) -> str:
    """The text of an object's content. Bytes that are not UTF-8 stay as lone surrogates (U+DC80 to U+DCFF).

    `key` and `encoding` (the Content-Encoding header) improve error messages only. Raises `Unreadable`.
    """
    if len(content) > LARGEST_CONTENT:
        raise too_large(len(content))
    compressed = content.startswith(GZIP)
    for _ in range(MOST_LAYERS):
        if not content.startswith(GZIP):
            break
        content = decompress(content)
    else:
        if content.startswith(GZIP):
            raise Unreadable(f"gzip: compressed more than {MOST_LAYERS} times over")
    if content and not content.isspace() and not JSON_TEXT.match(content):
        # Loaded where it is used: a function starts faster without.
        from . import other_kinds

        told = (None, None) if compressed else (key, encoding)
        problem = other_kinds.named(content)
        if not problem and _is_binary(content):
            problem = other_kinds.claimed(*told) or other_kinds.named_binary(content)
        text = "" if problem else _decode(content)
        if problem or (problem := other_kinds.named_text(text)):
            raise Unreadable(problem)
        return text
    return _decode(content)


def decompress(content: bytes) -> bytes:
    """Decompress all members of a gzip file. Raises `Unreadable` as soon as there is more than `LARGEST_CONTENT`."""
    parts: list[bytes] = []
    size, position = 0, 0
    for _ in range(MOST_MEMBERS):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while not member.eof:
            compressed = member.unconsumed_tail or content[position : position + STEP]
            if not compressed:
                raise Unreadable("gzip: cut off, the compressed data ends too early")
            position += 0 if member.unconsumed_tail else len(compressed)
            try:
                part = member.decompress(compressed, LARGEST_CONTENT - size + 1)
            except zlib.error as error:
                raise Unreadable("gzip: damaged, it cannot be decompressed") from error
            size += len(part)
            parts.append(part)
            if size > LARGEST_CONTENT:
                limit = f"the size limit of {LARGEST_CONTENT} bytes"
                raise Unreadable(f"gzip: decompresses to more than {limit}; nothing of it is stored")
        position -= len(member.unused_data)
        if content.startswith(GZIP, position):
            continue
        # Some writers pad with zero bytes: https://www.gnu.org/software/gzip/manual/gzip.html#Tapes
        if content[position:].strip(b"\x00"):
            raise Unreadable("gzip: followed by something that is not gzip")
        return b"".join(parts)
    raise Unreadable(f"gzip: more than {MOST_MEMBERS} compressed parts one after another")


def _is_binary(content: bytes) -> bool:
    """Whether the beginning is not text in any of the encodings."""
    if _encoding(content) != "utf-8":
        return False
    try:
        content[:1024].decode()
    except UnicodeDecodeError as error:
        return error.start < min(len(content), 1024) - 4  # otherwise the last character may just be truncated
    return False


def _encoding(content: bytes) -> str:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    zeros: Sequence[bool] = [byte == 0 for byte in content[:4]]
    match zeros:
        case [True, True, True, False]:
            return "utf-32-be"
        case [False, True, True, True]:
            return "utf-32-le"
        case [True, False, *_]:
            return "utf-16-be"
        case [False, True, *_]:
            return "utf-16-le"
    return "utf-8"


def _decode(content: bytes) -> str:
    encoding = _encoding(content)
    if encoding == "utf-8":
        return content.decode("utf-8", "surrogateescape")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{NAMES[encoding]}, but damaged or cut off (byte {error.start + 1})") from error
