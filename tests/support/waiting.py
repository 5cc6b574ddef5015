"""Waiting for what happens by itself."""

from collections.abc import Callable
from typing import TypeVar

from sluice_cli import testing

LONGEST_SECONDS = 180  # on a machine that runs the whole suite

Result = TypeVar("Result")


def eventually(look: Callable[[], Result | None], *, within: float = LONGEST_SECONDS) -> Result:
    """The result of `look` once it is not empty, as `sluice.testing.eventually` waits for it."""
    return testing.eventually(look, within=max(within, LONGEST_SECONDS))
