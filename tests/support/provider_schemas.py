"""The part of a provider's schemas that Terraform is given in tests."""

import itertools
import os
import re
import struct
import subprocess
from collections.abc import Container
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WORD = re.compile(rb"\b(?:data_)?(?:aws_)?([a-z][a-z0-9_]*)")
PREFIX = 5  # bytes, gRPC's
# The tags of the schemas of resource types and of data sources in the answer, in both versions of the protocol.
MAPS_BY_TYPE = (0x12, 0x1A)
LARGE = 100_000  # bytes


@cache
def named_types() -> frozenset[bytes]:
    """All types that a file of the repository may mean: `aws_sqs_queue` also where it says
    `cdktf_cdktf_provider_aws.sqs_queue`.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    found: set[bytes] = set()
    for name in listed.split(b"\0"):
        with suppress(OSError):  # removed, or a folder
            found.update(WORD.findall(Path(ROOT, os.fsdecode(name)).read_bytes()))
    return frozenset(b"aws_" + word for word in found)


def of_types(answer: bytes, names: Container[bytes], written: bytes) -> bytes:
    """The answer, with gRPC's prefix, of resource types and data sources that have a small schema and one of the names,
    or that are written in the text. The schema of a web ACL is larger than all others together.

    https://protobuf.dev/programming-guides/encoding/
    """
    kept, start = bytearray(), PREFIX
    while start < len(answer):
        content, end = _part(answer, start)
        if answer[start] in MAPS_BY_TYPE:
            name, name_end = _part(answer, content)
            type_ = answer[name:name_end]
            needed = (type_ in names and end - start < LARGE) or type_ in written
        else:
            needed = True
        kept += answer[start:end] if needed else b""
        start = end
    return b"\0" + struct.pack(">I", len(kept)) + kept


def _part(message: bytes, start: int) -> tuple[int, int]:
    """Where the content begins, and where it ends, of the part that begins with a tag of one byte and its length."""
    length = shift = 0
    for at in itertools.count(start + 1):
        length |= (message[at] & 0x7F) << shift
        shift += 7
        if message[at] < 0x80:
            return at + 1, at + 1 + length
    raise ValueError("a length without an end")
