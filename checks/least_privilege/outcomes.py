"""The outcome of a use of a system: it works, or it failed and why."""

import time
from collections.abc import Callable
from typing import NamedTuple

PATIENCE_SECONDS = 60


class Failed(RuntimeError):
    """The use did not work, and why."""


class Use(NamedTuple):
    name: str
    run: Callable[[], object]


def eventually(look: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not after {PATIENCE_SECONDS} s")
        time.sleep(0.1)


def expect(found: object, what: str) -> None:
    if not found:
        raise Failed(what)
