"""Tests against a local AWS: what a project's stacks are once they are deployed there, and waiting for events.

`pytest_plugin.py` has the fixtures that make these.
"""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

STEP_SECONDS = 0.15


def eventually(look: Callable[[], Result | None], *, within: float = 60) -> Result:
    """The first result of `look` that is not empty, for what happens by itself: an event, a row, a log line.

    Raises `AssertionError` after `within` seconds.
    """
    deadline = time.monotonic() + within
    while not (result := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still {result!r} after {within} s")
        time.sleep(STEP_SECONDS)
    return result
