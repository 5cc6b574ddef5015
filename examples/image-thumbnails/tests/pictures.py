"""Pictures for the tests, good and bad."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(size: tuple[int, int] = (800, 600), format_: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    """A picture with a gradient; bytes differ with its size, format and mode."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, format_, **options)
    return out.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few bytes whose header claims that size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


# Files that are not pictures, and the reason recorded for each.
BAD = {
    "text": (b"Dear all,", "it is no picture"),
    "empty": (b"", "it is no picture"),
    "pdf": (b"%PDF-1.7\n1 0 obj\n", "it is no picture"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "it is no picture"),
    "tiff": (picture(format_="TIFF"), "it is no picture"),
    "bomb": (bomb(), "it has more than 40000000 pixels"),
    "just-too-large": (bomb(8_000, 5_001), "it has more than 40000000 pixels"),
    "cut-jpeg": (picture()[:-2000], "it is damaged, or cut off"),
    "cut-png": (picture(format_="PNG")[:-200], "it is damaged, or cut off"),
    "cut-webp": (picture(format_="WEBP")[:-50], "it is damaged, or cut off"),
    "cut-gif": (picture(format_="GIF")[:-500], "it is damaged, or cut off"),
    "header-only": (picture(format_="PNG")[:30], "it is"),
}
