"""Bounds of ranges of sorted keys."""

import sys
from typing import Any


class Last:
    """Greater than everything that it is compared with."""

    def __lt__(self, other: Any) -> bool:
        return False

    def __gt__(self, other: Any) -> bool:
        return True


LAST = Last()


def text_after(prefix: str) -> str | None:
    """The smallest text that is greater than all that begin with the prefix. None if there is no such text."""
    kept = prefix.rstrip(chr(sys.maxunicode))
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else None


def bytes_after(prefix: bytes) -> bytes | None:
    """As `text_after`, for bytes."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else None
