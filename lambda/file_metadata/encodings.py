"""The character encoding of a text."""

MARKS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}


def decoded(content: bytes) -> str | None:
    """The decoded text of a content with a byte order mark, of UTF-16 or UTF-32 without one, or without zero bytes;
    None for anything else.
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    if b"\0" not in content:
        return content.decode("cp500" if _is_ebcdic(content) else "utf-8", "replace")
    # ASCII characters of two or four bytes: zero bytes in the same positions, and nowhere else.
    for step, zeros in ((2, (1,)), (2, (0,)), (4, (1, 2, 3))):  # UTF-16 LE and BE, UTF-32 LE
        start = content[: len(content) // step * step]
        if len(start) >= 4 * step and all(set(start[at::step]) == {0} for at in zeros):
            kept = start[0 if zeros[0] else 1 :: step]
            return kept.decode("latin-1") if 0 not in kept else None
    return None


def _is_ebcdic(content: bytes) -> bool:
    """Text of IBM mainframes: blanks are 0x40, and letters have codes that ASCII does not use for letters."""
    letters = sum(content.count(code) for code in b"\x81\x84\x85\x89\x95\x96\x99\xa2\xa3\xd5\xc5\xc1\xe2\xe3")
    blanks = content.count(b"\x40") + content.count(b"\x4b")
    return letters + blanks > len(content) // 3 and blanks > len(content) // 20 and b" " not in content[:64]
