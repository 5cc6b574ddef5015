"""Waiting for what happens by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

STEP_SECONDS = 0.15


def eventually(look: Callable[[], Found | None], *, within: float = 60) -> Found:
    """The first thing `look` gives that is there and not empty. Fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r} after {within} s"
        time.sleep(STEP_SECONDS)
    return found
