"""A document that cannot be read."""

import re

TOO_DEEP = "nested too deeply"


class Breakage(Exception):
    """A document that cannot be parsed: the parser's message, and the position."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        # The number of characters up to the nesting that is too deep; the parser does not report it.
        self.effort = 50_000 if message == TOO_DEEP else 0


def bad_byte(text: str, begin: int, end: int) -> int | None:
    """The position of the first byte that is not UTF-8, which content.py keeps as a surrogate."""
    found = re.compile("[\udc80-\udcff]").search(text, begin, end)
    return found.start() if found else None
