"""What arrives where JSON is expected, by its first bytes: pure functions.

Loaded for content that does not begin as JSON does: a function starts faster without.
"""

import re

OTHERS = (
    (b"PK\x03\x04", "a ZIP archive; only gzip is decompressed"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard; only gzip is decompressed"),
    (b"BZh", "compressed with bzip2; only gzip is decompressed"),
    (b"\xfd7zXZ\x00", "compressed with xz; only gzip is decompressed"),
    (b"\x04\x22\x4d\x18", "compressed with LZ4; only gzip is decompressed"),
    (b"\xff\x06\x00\x00sNaPpY", "compressed with Snappy; only gzip is decompressed"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; only gzip is decompressed"),
    (b"\x78\x01", "compressed with zlib; only gzip is decompressed"),
    (b"\x78\x5e", "compressed with zlib; only gzip is decompressed"),
    (b"\x78\x9c", "compressed with zlib; only gzip is decompressed"),
    (b"\x78\xda", "compressed with zlib; only gzip is decompressed"),
    (b"PAR1", "a Parquet file, not JSON"),
    (b"ORC", "an ORC file, not JSON"),
    (b"ARROW1", "an Arrow file, not JSON"),
    (b"Obj\x01", "an Avro file, not JSON"),
    (b"\x89PNG\r\n", "a PNG image, not JSON"),
    (b"\xff\xd8\xff", "a JPEG image, not JSON"),
    (b"%PDF-", "a PDF document, not JSON"),
    (b"SQLite format 3\x00", "an SQLite database, not JSON"),
)
MARKUP = re.compile(rb"\s*<[!?A-Za-z]")
# Of an object and its first name, which is a text.
MESSAGEPACK = re.compile(rb"(?:[\x80-\x8f]|\xde..)[\xa1-\xbf\xd9]", re.DOTALL)
CBOR = re.compile(rb"(?:[\xa1-\xb7\xbf]|\xb8.)[\x61-\x78]", re.DOTALL)
LINE_OF_JSON = re.compile(r"(?m)^[ \t]*[\[{]")
LOOKED_AT = 4096  # characters of a text
# Texts without a line that begins as JSON does, by their beginning.
TEXTS = (
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]*\s*$", "a JSON Web Token, not JSON"),
    (r"e(?:yJ|w0|wo)[A-Za-z0-9+/_=\s-]+$", "JSON in base64; send it decoded"),
    (r"[\w.%+-]+=[^\s&=]*(?:&[\w.%+-]+=[^\s&=]*)*\s*$", "a form (application/x-www-form-urlencoded), not JSON"),
    (r"# (?:HELP|TYPE) \w", "metrics of Prometheus, not JSON"),
    (r"[\w.-]+(?:,[\w.-]+=[^,\s]+)* [\w.-]+=\S", "InfluxDB's line protocol, not JSON"),
    (r"(?:\"[^\"\n]*\"|[\w ./()%-]+)(?:[,;\t](?:\"[^\"\n]*\"|[\w ./()%:-]*))+\r?\n", "CSV, not JSON; send JSON Lines"),
    (r"(?:---\s*\n)?[\w-]+:(?: .*)?\r?\n", "YAML, not JSON"),
)
CODINGS = {"br": "Brotli", "zstd": "Zstandard", "deflate": "deflate", "compress": "compress", "dcb": "Brotli"}


def named(content: bytes) -> str | None:
    """What a content is that has a signature of something else."""
    for signature, kind in OTHERS:
        if content.startswith(signature):
            return kind
    return "XML or HTML, not JSON" if MARKUP.match(content) else None


def named_binary(content: bytes) -> str | None:
    """What a content is that is no text, by its first bytes."""
    if MESSAGEPACK.match(content):
        return "MessagePack, not JSON"
    return "CBOR, not JSON" if CBOR.match(content) else None


def named_text(text: str) -> str | None:
    """What a text is that has no line of JSON."""
    if LINE_OF_JSON.search(text):
        return None
    start = text[:LOOKED_AT].lstrip("\ufeff")
    return next((kind for pattern, kind in TEXTS if re.match(pattern, start)), None)


def claimed(key: str | None, encoding: str | None) -> str | None:
    """What the object's name or its Content-Encoding says of a content that is no text."""
    codings = [one.strip().lower() for one in (encoding or "").split(",")]
    for coding in codings:
        if coding in CODINGS:
            return f"compressed with {CODINGS[coding]}, by its Content-Encoding; only gzip is decompressed"
    if {"gzip", "x-gzip"} & set(codings):
        return "not gzip, although its Content-Encoding says so"
    if (key or "").lower().endswith((".gz", ".gzip")):
        return "not gzip, although its name says so"
    return None
