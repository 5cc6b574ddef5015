"""A document that cannot be read."""

import re

TOO_DEEP = "nested too deeply"


class Breakage(Exception):
    """A document that cannot be read: what the parser says of it, and at which position."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        # What it took to parse up to where the nesting is too deep, which the parser does not say.
        self.effort = 50_000 if message == TOO_DEEP else 0


def bad_byte(text: str, begin: int, end: int) -> int | None:
    """Where the first byte is that is not UTF-8, as content.py leaves it."""
    found = re.compile("[\udc80-\udcff]").search(text, begin, end)
    return found.start() if found else None
